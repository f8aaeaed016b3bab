namespace ProxyCluster.Advisories;

/// <summary>Registers the advisories.</summary>
internal static class AdvisoryRegistration
{
    public static IServiceCollection AddAdvisories(this IServiceCollection services) => services.AddSingleton<AdvisoryBook>();
}
