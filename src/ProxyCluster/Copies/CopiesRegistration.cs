using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>Registers everything that takes copies of artifacts or hands them out.</summary>
internal static class CopiesRegistration
{
    public static IServiceCollection AddCopies(this IServiceCollection services)
    {
        services.AddRoomOptions<ReplicationOptions>(ReplicationOptions.Section);
        services.AddRoomOptions<LastCopyOptions>(LastCopyOptions.Section);
        services.AddSingleton<ArtifactCopy>();
        services.AddSingleton<PeerFill>();
        services.AddSingleton<SharedFill>();
        services.AddSingleton(static provider => LastCopyOf(
            provider, provider.GetRequiredService<PeerFill>(), provider.GetRequiredService<IOptions<LastCopyOptions>>()));
        services.AddSingleton<CopyTaker>();
        services.AddSingleton<HolderSearch>();
        services.AddSingleton<IOtherHolders, PeerHolders>();
        return services.AddQueue<ToSharedStore>().AddQueue<ToRegions>();
    }

    private static IServiceCollection AddQueue<TTarget>(this IServiceCollection services)
        where TTarget : class, ICopyTarget => services
            .AddSingleton<TTarget>()
            .AddSingleton<CopyQueue<TTarget>>()
            .AddHostedService(static provider => provider.GetRequiredService<CopyQueue<TTarget>>());

    private static LastCopy LastCopyOf(IServiceProvider provider, PeerFill fill, IOptions<LastCopyOptions> options) => new(
        provider.GetRequiredService<ClusterSelf>(),
        provider.GetRequiredService<Pulse>(),
        (peer, module, kind, cancel) => fill.FillAsync(peer, module, kind, AskLevel.Stored, static () => { }, cancel),
        options,
        provider.GetRequiredService<TimeProvider>());
}
