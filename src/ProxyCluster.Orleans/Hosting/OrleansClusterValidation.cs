using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;

namespace ProxyCluster.Orleans.Hosting;

/// <summary>What the section <c>Cluster</c> must say in this host.</summary>
internal sealed class OrleansClusterValidation(Settings settings) : IValidateOptions<ClusteringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        var faults = new List<string>();

        // The option's default is for the other host; here only a value that somebody has set can be wrong.
        if (settings.FindOrNull(SettingKeys.Engine) is { } set && options.Engine != "orleans")
            faults.Add($"{set.Key}: this host has the engine orleans alone; {options.Engine} is an engine of proxycluster ({set.Source})");
        if (options.SecretFile.Length == 0)
            faults.Add($"{SettingKeys.SecretFile}: engine orleans needs the secret that members prove to each other");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
