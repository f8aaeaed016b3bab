using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.Verification;

/// <summary>What attributes cannot say about <see cref="VerificationOptions"/>; reports every mistake at once.</summary>
internal sealed class VerificationOptionsCheck : IValidateOptions<VerificationOptions>
{
    public ValidateOptionsResult Validate(string? name, VerificationOptions options)
    {
        List<string> mistakes = [];
        if (ChecksumDatabaseSetting.TryParse(options.SumDb, out var setting, out var error))
        {
            if (setting.Key is not null && Ed25519.UnavailableBecause is { } missing)
                mistakes.Add($"{Key(nameof(options.SumDb))}: {missing}");
        }
        else
        {
            mistakes.Add($"{Key(nameof(options.SumDb))}: {error}");
        }

        for (var i = 0; i < options.Mirrored.Count; i++)
        {
            if (!ChecksumDatabaseSetting.TryParse(options.Mirrored[i], out setting, out error))
                mistakes.Add($"{Key(nameof(options.Mirrored))}:{i}: {error}");
            else if (setting.Key is null)
                mistakes.Add($"{Key(nameof(options.Mirrored))}:{i}: \"off\" cannot be mirrored");
        }

        CheckPatterns(nameof(options.NoSumDb), options.NoSumDb);
        CheckPatterns(nameof(options.Private), options.Private);
        CheckPatterns(nameof(options.FailOpen), options.FailOpen);
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);

        void CheckPatterns(string property, string? patterns)
        {
            foreach (var pattern in ModulePathPatterns.Parse(patterns).InvalidPatterns)
                mistakes.Add($"{Key(property)}: \"{pattern}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]");
        }
    }

    private static string Key(string property) => $"{VerificationOptions.Section}:{property}";
}
