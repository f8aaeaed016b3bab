using System.Buffers;
using Microsoft.Extensions.Options;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Copies;

/// <summary>What became of a copy.</summary>
internal enum CopyStatus
{
    /// <summary>It is in our store.</summary>
    Committed,

    /// <summary>The other side does not have the bytes.</summary>
    Absent,

    /// <summary>The record does not hold, or is not enough here; or the bytes are its, but not what is proven.</summary>
    Unproven,

    /// <summary>An operator's order makes it void; the other side may hear of that a moment later.</summary>
    Void,

    /// <summary>Whether the record holds could not be found out here; that says nothing of the other side.</summary>
    Undecided,

    /// <summary>The bytes ended before the record's size.</summary>
    Short,

    /// <summary>The bytes are not those that the record names.</summary>
    WrongBytes,

    /// <summary>It conflicts with what is stored here.</summary>
    Conflict,
}

/// <summary>What became of a copy, in full.</summary>
/// <param name="Status">In a word.</param>
/// <param name="Record">Our record, where it was committed.</param>
/// <param name="Why">Otherwise the sentence that says what is wrong.</param>
/// <param name="Ours">What kept us from deciding, where we could not.</param>
internal readonly record struct CopyResult(CopyStatus Status, ModuleRecord? Record, string Why, Failure? Ours = null);

/// <summary>
/// The one way in which an artifact is copied from somebody who keeps it and whom we need not trust: a peer, or the
/// region's shared store.
/// <para>
/// The record that comes with it is a claim. What is taken over of it is what is proven: under a proof of the checksum
/// database, the lines that this proof proves; under a no-sum pattern of our own, the h1 that was computed from the bytes;
/// with <c>.info</c>, which no authority covers, the artifact and nothing else. Times, sources and names of authorities
/// are ours. Taken over whole, one forged h1 beside a true artifact would be our pin, and the true zip refused for good.
/// </para>
/// <para>
/// What only the other side's word stands for is accepted where our own policy asks for nothing better: then it is asked
/// again, here (<see cref="Verifier.ProveAsync"/>), and not read out of the copy.
/// </para>
/// </summary>
internal sealed class ArtifactCopy(
    Verifier verifier,
    ChecksumDatabases databases,
    DiskStore store,
    RulingBook rulings,
    IOptions<UpstreamsOptions> upstreams,
    TimeProvider clock)
{
    /// <summary>Checks what is said of an artifact, reads it, checks that, and commits it.</summary>
    /// <param name="said">What the other side says of the module version.</param>
    /// <param name="module">The module version that was asked for.</param>
    /// <param name="kind">The artifact that was asked for.</param>
    /// <param name="openAsync">Gives its bytes, or null; more may follow behind them. Called when the record holds.</param>
    /// <param name="source">Where they come from, for our own record.</param>
    /// <param name="sign">Called at every chunk.</param>
    /// <param name="cancel">Ends the copy.</param>
    /// <exception cref="IOException">The bytes broke off.</exception>
    /// <exception cref="StoreException">Our disk takes no data.</exception>
    public async Task<CopyResult> TakeAsync(
        ModuleRecord said,
        ModuleVersion module,
        ArtifactKind kind,
        Func<ValueTask<Stream?>> openAsync,
        string source,
        Action sign,
        CancellationToken cancel)
    {
        // 1. The record, against orders, its proof and our policy.
        if (said.Module == module && said.IsVoid(rulings))
            return new(CopyStatus.Void, null, "it is void by an operator's order, of which the other side has not heard yet");
        if (FormFaultOrNull(said, module, kind) is { } fault)
            return new(CopyStatus.Unproven, null, fault);
        ProvenSums? sums = null;
        if (kind != ArtifactKind.Info && !(await ProveAsync(said, kind, cancel)).TryGet(out sums, out var failure))
        {
            return failure.Kind == FailureKind.ChecksumMismatch
                ? new(CopyStatus.Unproven, null, failure.Message)
                : new(CopyStatus.Undecided, null, failure.Message, failure);
        }


        // 2. The bytes, against the record.
        var named = said.ArtifactOrNull(kind)!;
        await using var body = await openAsync();
        if (body is null)
            return new(CopyStatus.Absent, null, "the bytes are not there");
        await using var incoming = store.CreateIncoming(kind);
        if (await ReceiveAsync(body, incoming, named.Size, sign, cancel) is > 0 and var missing)
            return new(CopyStatus.Short, null, $"the bytes ended {missing} early");
        var content = incoming.Complete();
        if (incoming.Sha256 != named.Sha256)
            return new(CopyStatus.WrongBytes, null, $"the bytes have SHA-256 {incoming.Sha256}, the record says {named.Sha256}");

        // 3. The content, against what is proven, and against what the other side pins where that is nothing.
        var received = kind == ArtifactKind.Zip
            ? ArtifactChecks.Zip(module, content, source, cancel)
            : await ArtifactChecks.SmallAsync(module, kind, content, source, cancel);
        if (!received.TryGet(out var contents, out failure))
            return new(CopyStatus.Unproven, null, failure.Message);
        if (sums is not null && ArtifactChecks.Mismatch(module, kind, contents.H1, sums, said, source) is { } mismatch)
            return new(CopyStatus.Unproven, null, mismatch.Message);

        // 4. Ours from here on; what another artifact of the module needs is fetched when it is asked for.
        var artifact = new StoredArtifact(incoming.Sha256, incoming.Size, source, clock.GetUtcNow(), Upstream: named.Upstream);
        var result = await store.CommitAsync(ModuleRecord.Of(module, kind, artifact, contents.H1, sums), kind, incoming, cancel);
        return result.Status == CommitStatus.Conflict
            ? new(CopyStatus.Conflict, null, result.Conflict ?? $"{module}: integrity conflict")
            : new(CopyStatus.Committed, result.Record, "");
    }

    private string? FormFaultOrNull(ModuleRecord said, ModuleVersion module, ArtifactKind kind)
    {
        if (said.Module != module)
            return $"it is about {said.Module}";
        if (said.ArtifactOrNull(kind) is not { } stored)
            return $"it names no {kind}";

        // A nearer upstream gets no more room than the others.
        var most = upstreams.Value.MaxBytesOf(UpstreamResource.Artifact(module, kind).Kind);
        return stored.Size < 0 || stored.Size > most ? $"it names {stored.Size} bytes" : null;
    }

    /// <summary>What the record proves here, of both hashes; the failure's message says why nothing.</summary>
    private async ValueTask<Outcome<ProvenSums>> ProveAsync(ModuleRecord said, ArtifactKind kind, CancellationToken cancel)
    {
        var module = said.Module;
        if (said.VerifiedByOf(kind) is not { } by)
            return Unproven("nothing proves its h1");

        if (by.Proof is { } proof && databases.All.FirstOrDefault(d => d.Name == proof.Database) is { } database)
        {
            if (proof.Verify(database.Key) is { } fault)
                return Unproven(fault);

            // Judged by who signed it: the name beside the proof is anybody's word.
            var (lines, signed) = (proof.LinesFor(module), new VerifiedBy(VerificationKind.ChecksumDatabase, database.Name, clock.GetUtcNow(), proof));
            return verifier.Accepts(module, signed)
                ? new ProvenSums(lines.ZipH1, lines.GoModH1, signed)
                : Unproven($"it was verified by {database.Name}, which is not enough here");
        }

        return by.Kind == VerificationKind.NoSumPattern && verifier.Accepts(module, by)
            ? await verifier.ProveAsync(module, cancel)
            : Unproven($"it was verified by {by.Authority}, which is not enough here");
    }

    private static Failure Unproven(string why) => new(FailureKind.ChecksumMismatch, why);

    private static async Task<long> ReceiveAsync(
        Stream body, IncomingArtifact incoming, long size, Action sign, CancellationToken cancel)
    {
        var left = size;
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (left > 0 && await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancel) is > 0 and var read)
            {
                sign();
                await incoming.WriteAsync(buffer.AsMemory(0, read), cancel);
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return left;
    }
}
