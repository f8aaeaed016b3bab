using Microsoft.Extensions.Options;

namespace ProxyCluster.Advisories;

/// <summary>What attributes cannot say about <see cref="AdvisoryOptions"/>.</summary>
internal sealed class AdvisoryOptionsValidation : IValidateOptions<AdvisoryOptions>
{
    public ValidateOptionsResult Validate(string? name, AdvisoryOptions options) =>
        options.Database is { } database && AdvisorySources.FaultOrNull(database) is { } fault
            ? ValidateOptionsResult.Fail($"{AdvisoryOptions.Section}:{nameof(options.Database)}: {fault}")
            : ValidateOptionsResult.Success;
}
