namespace ProxyCluster.Gate;

/// <summary>Registers the gate.</summary>
internal static class GateRegistration
{
    public static IServiceCollection AddGate(this IServiceCollection services) => services.AddSingleton<ModuleGate>();
}
