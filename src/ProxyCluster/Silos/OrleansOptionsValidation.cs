using Microsoft.Extensions.Options;

namespace ProxyCluster.Silos;

/// <summary>What attributes cannot say about <see cref="OrleansOptions"/>.</summary>
internal sealed class OrleansOptionsValidation : IValidateOptions<OrleansOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, OrleansOptions options)
    {
        var faults = new List<string>();
        var files = new[] { ("CertFile", options.CertFile), ("KeyFile", options.KeyFile), ("CaFile", options.CaFile) };
        if (files.Any(static file => file.Item2.Length > 0) && files.Any(static file => file.Item2.Length == 0))
            faults.Add($"{OrleansOptions.Section}:CertFile: certificate, key and CA go together");
        foreach (var (key, file) in files)
        {
            if (file.Length > 0 && !File.Exists(file))
                faults.Add($"{OrleansOptions.Section}:{key}: {file} does not exist");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
