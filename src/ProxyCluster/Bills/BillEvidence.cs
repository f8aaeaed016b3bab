using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.Credentials;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Bills;

/// <summary>What is known of a module of a bill beside its name.</summary>
/// <param name="Record">The store's record; null where it has none.</param>
/// <param name="H1">The <c>h1:</c> of the zip that the licences were read from; null where there was none.</param>
/// <param name="Origin">Where that zip is from; null where there was none.</param>
/// <param name="Licences">What its files say.</param>
/// <param name="Conflict">A sentence where hashes contradict each other.</param>
internal sealed record BillFacts(ModuleRecord? Record, string? H1, string? Origin, ModuleLicences Licences, string? Conflict)
{
    /// <summary>Where nothing could be looked at.</summary>
    public static BillFacts None(string why) => new(null, null, null, ModuleLicences.Unknown(why), null);
}

/// <summary>
/// Finds it: in a data directory, whose silo may run, and where that has no zip, at upstreams, if some are to be asked. What they send is
/// checked like anything that is fetched, and held against the hash that the build has; it is not stored.
/// </summary>
/// <param name="tree">The data directory; it may be none.</param>
/// <param name="upstreams">Whom to ask; null for nobody.</param>
internal sealed class BillEvidence(DataTree tree, UpstreamChain? upstreams)
{
    /// <summary>The upstreams of the settings. Repositories are none of them: asking those takes a process that serves.</summary>
    public static UpstreamChain OpenUpstreams(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<UpstreamsOptions>>();
        var logins = services.GetRequiredService<Logins>();
        var time = services.GetRequiredService<TimeProvider>();
        return new UpstreamChain(
            services.GetRequiredService<UpstreamRoutes>(),
            entry => UpstreamChain.CreateUpstream(entry, options, logins, time),
            options,
            time,
            services.GetRequiredService<ProxyMetrics>(),
            NullLogger<UpstreamChain>.Instance, // what could not be had is said in the bill
            Random.Shared.NextDouble);
    }

    /// <summary>What is known of a module version.</summary>
    /// <param name="module">Which one.</param>
    /// <param name="h1">The hash of its zip that the build has; null where it has none.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public async Task<BillFacts> FindAsync(ModuleVersion module, string? h1, CancellationToken cancel)
    {
        // 1. The store.
        var record = RecordOrNull(module);
        if (record?.ZipH1 is { } stored && h1 is not null && stored != h1)
            return new BillFacts(null, null, null, ModuleLicences.Unknown("its zip is another one here"), $"{module}: the build has {h1}, the store {stored}");
        using (var file = record?.Zip is null ? null : DiskFile.OpenOrNull(tree.ArtifactPath(module, ArtifactKind.Zip)))
        {
            if (file is not null)
                return new BillFacts(record, record!.ZipH1, record.Zip!.Source, Read(file, module), null);
        }

        // 2. Upstream.
        if (upstreams is null)
            return new BillFacts(record, null, null, ModuleLicences.Unknown("its zip is not at hand"), null);
        var request = new UpstreamRequest(UpstreamResource.Artifact(module, ArtifactKind.Zip));
        var outcome = await upstreams.FetchAsync(request, (answer, stop) => ReceiveAsync(module, answer, stop), cancel).ConfigureAwait(false);
        if (!outcome.TryGet(out var received, out var failure))
            return new BillFacts(record, null, null, ModuleLicences.Unknown("its zip could not be fetched: " + failure.Message), null);
        var wanted = h1 ?? record?.ZipH1;
        return wanted is not null && wanted != received.H1
            ? new BillFacts(record, null, null, ModuleLicences.Unknown("upstream's zip is another one"), $"{module}: the build has {wanted}, {received.Origin} {received.H1}")
            : received with { Record = record };
    }

    private ModuleRecord? RecordOrNull(ModuleVersion module)
    {
        if (!DataTree.Fits(module))
            return null;
        using var file = DiskFile.OpenOrNull(tree.RecordPath(module));
        return file is null ? null : RecordFile.ParseOrNull(DiskFile.ReadAll(file, DiskFile.StampOf(file).Length), out _) is { } record && record.Module == module ? record : null;
    }

    private static ModuleLicences Read(SafeFileHandle file, ModuleVersion module)
    {
        try
        {
            using var zip = new FileStream(file, FileAccess.Read, 1 << 16);
            return ModuleLicences.Read(zip, module);
        }
        catch (InvalidDataException e)
        {
            return ModuleLicences.Unknown("its stored zip is damaged: " + e.Message);
        }
    }

    private static async Task<Outcome<BillFacts>> ReceiveAsync(ModuleVersion module, UpstreamAnswer answer, CancellationToken stop)
    {
        var path = Path.Combine(Path.GetTempPath(), $"proxycluster-{Guid.NewGuid():N}");
        using var zip = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        await answer.Body.CopyToAsync(zip, stop).ConfigureAwait(false);
        zip.Position = 0;
        if (!ArtifactChecks.Zip(module, zip, answer.Upstream, stop).TryGet(out var received, out var failure))
            return failure;
        zip.Position = 0;
        return new BillFacts(null, received.H1, answer.Upstream, ModuleLicences.Read(zip, module), null);
    }
}
