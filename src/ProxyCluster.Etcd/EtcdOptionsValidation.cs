using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Etcd;

/// <summary>Checks options of any name before they are used, and reports every mistake at once.</summary>
internal sealed class EtcdOptionsValidation : IValidateOptions<EtcdOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, EtcdOptions options)
    {
        var broken = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), broken, validateAllProperties: true);
        var faults = broken.Select(static one => one.ErrorMessage!).ToList();

        if (options.Endpoints.Count == 0)
            faults.Add("Endpoints needs at least one: http://host:2379");
        foreach (var endpoint in options.Endpoints)
        {
            if (endpoint.Scheme is not ("http" or "https") || endpoint.PathAndQuery != "/" || endpoint.UserInfo.Length > 0)
                faults.Add($"Endpoints: {EtcdErrors.Name(endpoint)} must be scheme, host and port only, http or https");
        }

        if (options.User.Length == 0 != (options.Password.Length == 0))
            faults.Add("User and Password go together");
        if (options.CertFile.Length == 0 != (options.KeyFile.Length == 0))
            faults.Add("CertFile and KeyFile go together");
        foreach (var file in new[] { options.CaFile, options.CertFile, options.KeyFile })
        {
            if (file.Length > 0 && !File.Exists(file))
                faults.Add($"{file} does not exist");
        }

        var of = string.IsNullOrEmpty(name) ? "" : $" of {name}";
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.Select(fault => $"etcd{of}: {fault}"));
    }
}
