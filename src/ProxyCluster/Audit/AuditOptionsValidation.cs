using Microsoft.Extensions.Options;
using Npgsql;

namespace ProxyCluster.Audit;

/// <summary>What is wrong is found at the start: later it would be missing from a log that somebody relies on.</summary>
internal sealed class AuditOptionsValidation : IValidateOptions<AuditOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AuditOptions options)
    {
        List<string> mistakes = [];
        if (options is { Enabled: true, HashAddresses: true } && AuditAddresses.FaultOrNull(options) is { } fault)
            mistakes.Add($"Audit:HashAddresses: {fault}");
        if (options is { Downloads: true, Enabled: true, Directory.Length: 0 })
            mistakes.Add("Audit:Downloads: a front end answers from its memory too, so it needs Audit:Directory, a directory of its own");
        if (options.Postgres.Length > 0 && PostgresFaultOrNull(options.Postgres) is { } why)
            mistakes.Add($"Audit:Postgres: {why}");
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }

    // Not the text itself, which holds a password.
    private static string? PostgresFaultOrNull(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 } ? null : "it names no Host";
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return "it is no connection string: use Host=…;Database=…;Username=…;Password=…";
        }
    }
}
