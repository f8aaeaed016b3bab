using Microsoft.Extensions.Options;
using ProxyCluster.Access;

namespace ProxyCluster.Admin;

/// <summary>A token file that cannot be used is found at the start, not by the first operator in need.</summary>
internal sealed class AdminOptionsValidation : IValidateOptions<AdminOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AdminOptions options) =>
        TokenLines.MistakesOf<AdminToken>(options.TokenFile, $"{AdminOptions.Section}:TokenFile", AdminTokens.Read).ToList() is { Count: > 0 } mistakes
            ? ValidateOptionsResult.Fail(mistakes)
            : ValidateOptionsResult.Success;
}
