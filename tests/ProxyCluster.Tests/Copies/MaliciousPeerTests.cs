using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Copies;

/// <summary>
/// A silo whose nearest candidate lies, over real HTTP: nothing of the lie is stored, it is counted and remembered, and
/// the honest candidate behind it answers within the same request of the client.
/// </summary>
public sealed class MaliciousPeerTests : IAsyncLifetime
{
    private PeerSite _site = null!;
    private WebApplication _honest = null!;
    private ModuleRecord _record = null!;
    private string[] _regions = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await PeerSite.StartAsync();
        _regions = _site.RegionsInOwnerOrder("evil", "honest", "victim");
        _honest = await _site.AddAsync(_regions[1], Role.Silo);

        // Fetched while it is alone; from now on it is the one that has it.
        foreach (var ending in (string[])[".zip", ".mod"])
            await _site.Client.GetByteArrayAsync(new Uri(_honest.Urls.First() + Path.ChangeExtension(_site.Zip, ending)), Cancel);
        _record = RecordOf(_honest)!;
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public Task WrongBytesUnderTheGenuineRecord_AreRejected() => IsDistrustedAsync(context =>
        SendAsync(context, _record, Flip(_site.Module.Zip)));

    [Fact]
    public Task WrongGoModUnderTheGenuineRecord_IsRejected() => IsDistrustedAsync(
        context => SendAsync(context, _record, Flip(_site.Module.GoMod)), ArtifactKind.Mod);

    [Fact]
    public Task WrongBytesWithTheirOwnDigestAndTheProvenHash_AreRejected() => IsDistrustedAsync(context =>
        SendAsync(context, Renamed(_site.Module.ZipH1), _site.Other.Zip));

    [Fact]
    public Task WrongBytesWithAMatchingForgedRecord_AreRejected() => IsDistrustedAsync(context =>
        SendAsync(context, Renamed(_site.Other.ZipH1), _site.Other.Zip));

    [Fact]
    public Task ForgedRecordWithoutAProof_IsRejected() => IsDistrustedAsync(context =>
        SendAsync(context, _record with { VerifiedBy = _record.VerifiedBy! with { Proof = null } }, _site.Module.Zip));

    [Fact]
    public Task ForgedRecordProvenByAnotherKeyOfTheSameName_IsRejected() => IsDistrustedAsync(async context =>
    {
        var name = _record.VerifiedBy!.Proof!.Database;
        var forged = new InMemoryChecksumDatabase(SignerKey.Generate(name));
        forged.Append(_site.Module.Module, _site.Other.ZipH1, _site.Module.GoModH1);
        var proof = _record.VerifiedBy.Proof with
        {
            RecordId = 0,
            RecordText = $"{_site.Module.Module.Path} {_site.Module.Module.Version} {_site.Other.ZipH1}\n"
                + $"{_site.Module.Module.Path} {_site.Module.Module.Version}/go.mod {_site.Module.GoModH1}\n",
            SignedTree = forged.SignTree(),
            Inclusion = [],
        };
        await SendAsync(context, Renamed(_site.Other.ZipH1) with { VerifiedBy = _record.VerifiedBy with { Proof = proof } }, _site.Other.Zip);
    });

    [Fact]
    public Task RightBytesWithARecordOfAnotherModule_AreRejected() => IsDistrustedAsync(context =>
        SendAsync(context, _record with { Module = _site.Other.Module }, _site.Module.Zip));

    [Fact]
    public async Task WrongBytesProvenForAnotherModule_AreRejected()
    {
        await _site.Client.GetByteArrayAsync(
            new Uri($"{_honest.Urls.First()}/{_site.Other.Module.Path.Escaped}/@v/{_site.Other.Module.EscapedVersion}.zip"), Cancel);
        var other = RecordOf(_honest, _site.Other.Module)!;
        await IsDistrustedAsync(context => SendAsync(context, other with { Module = _site.Module.Module }, _site.Other.Zip));
    }

    [Fact]
    public Task RecordOfANoSumPatternThatIsNotOurs_IsRejected() => IsDistrustedAsync(context => SendAsync(
        context,
        Renamed(_site.Other.ZipH1) with
        {
            VerifiedBy = new VerifiedBy(VerificationKind.NoSumPattern, "sample.proxycluster.dev/*", DateTimeOffset.UnixEpoch),
        },
        _site.Other.Zip));

    [Fact]
    public Task RecordVerifiedByNothing_IsRejected() => IsDistrustedAsync(context =>
        SendAsync(context, _record with { VerifiedBy = null }, _site.Module.Zip));

    [Fact]
    public Task RecordOfMoreBytesThanAnyZipHas_IsRejected() => IsDistrustedAsync(context =>
        SendAsync(context, _record with { Zip = _record.Zip! with { Size = (500L << 20) + 1 } }, _site.Module.Zip));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"path":null,"version":null}""")]
    [InlineData("""{"format":2,"path":"example.com/a","version":"v1.0.0"}""")]
    public Task RecordThatCannotBeRead_IsRejected(string record) => IsDistrustedAsync(context =>
        ScriptedPeer.FrameAsync(context, PeerFrameType.Record, Encoding.UTF8.GetBytes(record)));

    [Theory]
    [InlineData("\"inclusion\"")]
    [InlineData("\"recordText\"")]
    [InlineData("\"signedTree\"")]
    [InlineData("\"database\"")]
    [InlineData("\"authority\"")]
    [InlineData("\"sha256\"")]
    public Task RecordThatLacksAValue_IsRejected(string name) => IsDistrustedAsync(context => ScriptedPeer.FrameAsync(
        context,
        PeerFrameType.Record,
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(RecordFile.Write(_record)).Replace(name, "\"nothing\"", StringComparison.Ordinal))));

    [Fact]
    public Task TruncatedBytes_AreRejected() => IsPassedOverAsync(context => SendAsync(context, _record, _site.Module.Zip[..^1]));

    [Fact]
    public Task BrokenConnection_IsPassedOver() => IsPassedOverAsync(async context =>
    {
        await SendAsync(context, _record, _site.Module.Zip[..100]);
        context.Abort();
    });

    [Fact]
    public Task EndlessBytes_AreCutOff() => IsPassedOverAsync(async context =>
    {
        await ScriptedPeer.FrameAsync(
            context, PeerFrameType.Record, RecordFile.Write(_record with { Zip = _record.Zip! with { Size = 500L << 20 } }));
        await DripAsync(context, new byte[1 << 10]);
    });

    [Fact]
    public Task EndlessHeartbeats_AreCutOff() => IsPassedOverAsync(context => DripAsync(context, "W\0\0\0\0"u8.ToArray()));

    [Fact]
    public Task SilenceBeforeAnyByte_IsPassedOver() => IsPassedOverAsync(ScriptedPeer.SilenceAsync, "aborted");

    [Fact]
    public Task SilenceWithinTheBytes_IsPassedOver() => IsPassedOverAsync(
        async context =>
        {
            await SendAsync(context, _record, _site.Module.Zip[..100]);
            await ScriptedPeer.SilenceAsync(context);
        },
        "aborted");

    [Theory]
    [InlineData((byte)'A', "{}")]
    [InlineData((byte)'?', "")]
    [InlineData((byte)'F', "{}")]
    [InlineData((byte)'F', "not JSON")]
    [InlineData((byte)'F', """{"message":"a failure without its kind is not an absence"}""")]
    [InlineData((byte)'F', """{"kind":99,"message":"x"}""")]
    public Task FrameThatIsNotDue_IsPassedOver(byte type, string payload) => IsPassedOverAsync(context =>
        ScriptedPeer.FrameAsync(context, (PeerFrameType)type, Encoding.UTF8.GetBytes(payload)));

    /// <summary>It may be a newer version's word for "refused": what nobody here can sort is not fetched in spite of it.</summary>
    [Fact]
    public async Task FailureOfAnUnknownKind_IsTheAnswer()
    {
        var newer = await _site.ScriptAsync(_regions[0], static (context, _) => ScriptedPeer.FrameAsync(
            context, PeerFrameType.Failure, """{"kind":"NeverHeardOf","message":"withheld by the newer one"}"""u8.ToArray()));
        var victim = await _site.AddAsync(_regions[2], Role.Silo);
        var fetches = _site.Fetches(_site.Zip);

        using var answer = await _site.Client.GetAsync(new Uri(victim.Urls.First() + _site.Zip), Cancel);
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("unknown", answer.Headers.GetValues("X-ProxyCluster-Cause").Single());
        Assert.Contains("withheld by the newer one (NeverHeardOf", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Single(newer.Asked);
        Assert.Equal(fetches, _site.Fetches(_site.Zip));
        Assert.True(victim.Services.GetRequiredService<Pulse>().IsGood(newer.Member.Id));
    }

    [Theory]
    [InlineData(200, "<html>")]
    [InlineData(200, "R\u007f\u007f\u007f\u007f")]
    [InlineData(200, "")]
    [InlineData(404, "not found")]
    [InlineData(500, "oops")]
    public Task AnswerWithoutFrames_IsPassedOver(int status, string body) => IsPassedOverAsync(context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body, context.RequestAborted);
    });

    /// <summary>What fails its own proof: not asked again for a while, and a security event.</summary>
    private async Task IsDistrustedAsync(Func<HttpContext, Task> answer, ArtifactKind kind = ArtifactKind.Zip)
    {
        var (evil, victim, events) = await RunAsync(answer, kind, "peer-unavailable");
        Assert.Equal(1, events["peer"]);
        Assert.Equal([null], Preferred(victim, evil));
    }

    /// <summary>What only shows that the peer is of no use now: asked after the others for a while.</summary>
    private async Task IsPassedOverAsync(Func<HttpContext, Task> answer, string outcome = "peer-unavailable")
    {
        var (evil, victim, events) = await RunAsync(answer, ArtifactKind.Zip, outcome);
        Assert.Equal(0, events.Total);
        Assert.Equal([evil.Member, null], Preferred(victim, evil));
    }

    private async Task<(ScriptedPeer Evil, WebApplication Victim, MetricCount Events)> RunAsync(
        Func<HttpContext, Task> answer, ArtifactKind kind, string outcome)
    {
        var evil = await _site.ScriptAsync(_regions[0], (context, _) => answer(context));
        var victim = await _site.AddAsync(_regions[2], Role.Silo, ("Peers:TotalTimeout", "3s"));
        var events = _site.Count(victim, static metrics => metrics.SecurityEvents);
        var fills = _site.Count(victim, static metrics => metrics.PeerFills);

        var path = Path.ChangeExtension(_site.Zip, DataTree.Ending(kind));
        var served = await _site.Client.GetByteArrayAsync(new Uri(victim.Urls.First() + path), Cancel);

        Assert.Equal(kind == ArtifactKind.Zip ? _site.Module.Zip : _site.Module.GoMod, served);
        Assert.Single(evil.Asked);
        var honest = _honest.Services.GetRequiredService<ClusterSelf>().Member.Id;
        var stored = RecordOf(victim)!;
        Assert.Equal(honest, stored.ArtifactOrNull(kind)!.Source);
        Assert.Equal((_record.ZipH1, _record.GoModH1, _record.VerifiedBy!.Authority), (stored.ZipH1, stored.GoModH1, stored.VerifiedBy!.Authority));
        Assert.Equal(1, _site.Fetches(path));
        Assert.Equal(1, fills[_regions[1] + "/ok"]);
        await Waiting.UntilAsync(() => fills[$"{_regions[0]}/{outcome}"] == 1);
        Assert.False(victim.Services.GetRequiredService<Pulse>().IsGood(evil.Member.Id));
        await Waiting.UntilAsync(() => !Directory.EnumerateFiles(victim.Services.GetRequiredService<DataTree>().Temporary).Any());
        return (evil, victim, events);
    }

    private static IEnumerable<Member?> Preferred(WebApplication victim, ScriptedPeer evil) =>
        victim.Services.GetRequiredService<Pulse>()
            .Prefer([new AskStep(evil.Member, AskLevel.Home), new AskStep(null, AskLevel.Home)])
            .Select(static step => step.Peer);

    private ModuleRecord? RecordOf(WebApplication silo, ModuleVersion? module = null) =>
        silo.Services.GetRequiredService<DiskStore>().FindRecordOrNull(module ?? _site.Module.Module);

    /// <summary>The record as it would be if the other module's zip were this module's, under a hash of choice.</summary>
    private ModuleRecord Renamed(string zipH1) => _record with
    {
        ZipH1 = zipH1,
        Zip = _record.Zip! with { Sha256 = new Digest(System.Security.Cryptography.SHA256.HashData(_site.Other.Zip)), Size = _site.Other.Zip.Length },
    };

    private static byte[] Flip(byte[] bytes)
    {
        var wrong = bytes.ToArray();
        wrong[wrong.Length / 2] ^= 1;
        return wrong;
    }

    private static async Task SendAsync(HttpContext context, ModuleRecord record, byte[] bytes)
    {
        await ScriptedPeer.FrameAsync(context, PeerFrameType.Record, RecordFile.Write(record));
        await ScriptedPeer.BytesAsync(context, bytes);
    }

    // At a pace that keeps the peer alive for ever, and a disk from filling.
    private static async Task DripAsync(HttpContext context, byte[] drop)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await pace.WaitForNextTickAsync(context.RequestAborted))
            await ScriptedPeer.BytesAsync(context, drop);
    }
}
