using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Hosting;

/// <summary>Gives <c>verify</c> the store of the configured data directory.</summary>
internal static class StoreCheckRegistration
{
    public static IServiceCollection AddStoreCheck(this IServiceCollection services) =>
        services.AddSingleton<StoreCheck>(provider => (progress, cancel) => CheckAsync(
            provider.GetRequiredService<DataTree>(),
            provider.GetRequiredService<DiskStore>(),
            provider.GetRequiredService<StoreScan>(),
            provider.GetRequiredService<StoreIndex>(),
            provider.GetRequiredService<StoreVerification>(),
            provider.GetRequiredService<ChecksumDatabases>(),
            progress,
            cancel));

    private static async Task<StoreCheckResult> CheckAsync(
        DataTree tree,
        DiskStore store,
        StoreScan scan,
        StoreIndex index,
        StoreVerification verification,
        ChecksumDatabases databases,
        IProgress<StoreCheckProgress> progress,
        CancellationToken cancel)
    {
        if (!Directory.Exists(tree.Modules))
            throw new DirectoryNotFoundException($"{tree.Root} is no data directory: it has no modules");
        tree.CheckFormat();

        // A silo that uses the directory may put a good file in place of a bad one while we look: then nothing is moved,
        // and the silo itself sets aside what it would serve.
        using var ours = LockOrNull(tree);
        scan.Run(cancel);
        var total = index.Bytes;
        var problems = new List<StoreProblem>();
        var damaged = new List<RecordCheck>();
        var seen = await verification.RunAsync(
            databases.All.ToDictionary(d => d.Name, d => d.Key, StringComparer.Ordinal),
            fault => problems.Add(new StoreProblem(fault.File, fault.What)),
            damaged.Add,
            walked => progress.Report(new StoreCheckProgress(walked.Artifacts, walked.Bytes, total)),
            cancel);
        foreach (var (record, artifact) in ours is null ? [] : damaged.SelectMany(check => check.Damaged.Select(a => (check.Record!, a))))
        {
            try
            {
                await store.QuarantineAsync(record.Module, artifact, "found by verify", cancel);
            }
            catch (StoreException e)
            {
                problems.Add(new StoreProblem(DiskStore.KeyOf(record.Module, artifact.Kind), e.Message));
            }
        }

        return new StoreCheckResult(seen.Records, seen.Artifacts, seen.Bytes, problems);
    }

    private static DataDirectoryLock? LockOrNull(DataTree tree)
    {
        try
        {
            return DataDirectoryLock.Take(tree);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
