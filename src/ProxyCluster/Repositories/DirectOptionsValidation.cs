using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Repositories;

/// <summary>What attributes cannot say about <see cref="DirectOptions"/>.</summary>
internal sealed class DirectOptionsValidation : IValidateOptions<DirectOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, DirectOptions options)
    {
        var faults = options.Rewrites.Index()
            .Select(static item => UrlRewrites.FaultOrNull(item.Item) is { } fault ? $"{DirectOptions.Section}:Rewrites:{item.Index}: {fault}" : null)
            .Concat(ModulePathPatterns.Parse(options.Inside is "none" ? "" : options.Inside).InvalidPatterns
                .Select(static pattern => $"{DirectOptions.Section}:Inside: \"{pattern}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]"))
            .Append(options.KnownHosts is { } file && (!Path.IsPathFullyQualified(file) || file.AsSpan().ContainsAny('"', '%'))
                ? $"{DirectOptions.Section}:KnownHosts has to be an absolute path without \" and %" : null)
            .OfType<string>().ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
