using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Cli;

/// <summary>Gives <c>verify</c> the store of the configured data directory.</summary>
internal static class StoreCheckRegistration
{
    public static IServiceCollection AddStoreCheck(this IServiceCollection services) =>
        services.AddSingleton<StoreCheck>(provider => (progress, cancel) => CheckAsync(
            provider.GetRequiredService<DataTree>(),
            provider.GetRequiredService<StoreVerification>(),
            provider.GetRequiredService<ChecksumDatabases>(),
            progress,
            cancel));

    private static async Task<StoreCheckResult> CheckAsync(
        DataTree tree,
        StoreVerification verification,
        ChecksumDatabases databases,
        IProgress<StoreCheckProgress> progress,
        CancellationToken cancel)
    {
        if (!Directory.Exists(tree.Modules))
            throw new DirectoryNotFoundException($"{tree.Root} is no data directory: it has no modules");

        var problems = new List<StoreProblem>();
        var seen = await verification.RunAsync(
            databases.All.ToDictionary(d => d.Name, d => d.Key, StringComparer.Ordinal),
            fault => problems.Add(new StoreProblem(fault.File, fault.What)),
            walked => progress.Report(new StoreCheckProgress(walked.Artifacts, walked.Bytes, null)),
            cancel);
        return new StoreCheckResult(seen.Records, seen.Artifacts, seen.Bytes, problems);
    }
}
