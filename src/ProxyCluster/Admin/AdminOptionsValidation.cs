using Microsoft.Extensions.Options;

namespace ProxyCluster.Admin;

/// <summary>A token file that cannot be used is found at the start, not by the first operator in need.</summary>
internal sealed class AdminOptionsValidation : IValidateOptions<AdminOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AdminOptions options)
    {
        if (options.TokenFile.Length == 0)
            return ValidateOptionsResult.Success;
        try
        {
            AdminTokens.Parse(File.ReadAllText(options.TokenFile), out var faults);
            return faults.Count == 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(faults.Select(fault => $"{AdminOptions.Section}:TokenFile: {options.TokenFile}: {fault}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ValidateOptionsResult.Fail($"{AdminOptions.Section}:TokenFile: {options.TokenFile}: {e.Message}");
        }
    }
}
