using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;

namespace ProxyCluster.Silos;

/// <summary>What the section <c>Cluster</c> must say for a silo.</summary>
internal sealed class ClusterStoreValidation(Settings settings, IOptions<OrleansOptions> silo) : IValidateOptions<ClusteringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        if (options.Engine != "orleans")
            return ValidateOptionsResult.Success;
        var faults = new List<string>();
        if (ClusterStore.ParseOrNull(options.Store, out var error) is null)
            faults.Add($"{SettingKeys.Store}: {error}");
        var store = ClusterStore.Of(options, settings.Configuration);
        if (store.Scheme == "orleans" && options.Store.Length > 0)
            faults.Add($"{SettingKeys.Store}: Orleans:Clustering names a store too; one of the two is enough");

        // Alone in its process, a member has nobody to prove itself to, and nobody calls its silo.
        if (!store.IsOfThisProcess(silo.Value))
        {
            if (options.SecretFile.Length == 0 && !options.Tls.IsSet)
                faults.Add($"{SettingKeys.SecretFile}: a cluster needs the secret that its members prove to each other");
            if (ClusterMembership.IsAnywhere(options, SiloLine.ListeningOf(options, settings.Configuration)))
                faults.Add($"{SettingKeys.Advertise}: this process listens on every address of its machine; say at which other members reach it: --advertise http://HOST:PORT");
            else if (SiloLine.FaultOrNull(silo.Value, SiloLine.AddressOf(options, settings.Configuration)) is { } fault)
                faults.Add($"{SettingKeys.SiloLine}: {fault}");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
