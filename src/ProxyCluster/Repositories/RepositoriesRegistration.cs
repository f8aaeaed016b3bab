using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Credentials;

namespace ProxyCluster.Repositories;

/// <summary>The door of the room that finds modules in their repositories.</summary>
internal static class RepositoriesRegistration
{
    /// <summary>Adds it; expects storage, verification and <see cref="IRegionMirrors"/> to be there.</summary>
    public static IServiceCollection AddRepositories(this IServiceCollection services)
    {
        services.AddRoomOptions<DirectOptions>(DirectOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DirectOptions>, DirectOptionsValidation>());
        services.TryAddSingleton(static provider => GitLogin.Configured(provider.GetRequiredService<Logins>()));
        services.AddSingleton(static provider => new UrlRewrites(provider.GetRequiredService<IOptions<DirectOptions>>().Value.Rewrites));
        services.AddSingleton<RepositoryGuard>();
        services.AddSingleton<Discovery>();
        services.AddSingleton<LimitedProgram>();
        services.AddSingleton<GitProgram>();
        services.AddSingleton<MirrorSpace>();
        services.AddSingleton<GitMirrors>();
        services.AddSingleton<RepositoryCalls>();
        services.AddSingleton<IRepositoryKind, GitRepositories>();
        services.AddSingleton<IRepositoryKind, HgMirrors>();
        services.AddSingleton<IRepositoryKind, SvnRepositories>();
        services.AddSingleton<DirectModules>();
        services.AddSingleton<RegionModules>();
        services.AddHostedService<MirrorKeeper>();
        return services;
    }
}
