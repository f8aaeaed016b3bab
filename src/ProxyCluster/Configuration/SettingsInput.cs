using System.Collections;

namespace ProxyCluster.Configuration;

/// <summary>Everything outside of the process that can set a value.</summary>
internal sealed record SettingsInput
{
    /// <summary>The file that is read from the working directory when it is there.</summary>
    public const string DefaultFile = "appsettings.json";

    /// <summary>Directory of <see cref="DefaultFile"/>; relative names in <see cref="Files"/> start here.</summary>
    public string WorkingDirectory { get; init; } = Environment.CurrentDirectory;

    /// <summary>Files named on the command line; each must exist, later ones win.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Environment variables. Empty by default, so that a host inside a test is not steered by the machine.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Flags, or what a host inside another process is told; the strongest source.</summary>
    public IReadOnlyList<Setting> Flags { get; init; } = [];

    /// <summary>Only these values over the defaults: no file of the working directory, no environment.</summary>
    public static SettingsInput Of(params IEnumerable<(string Key, string Value)> values) => new()
    {
        WorkingDirectory = "",
        Flags = [.. values.Select(value => new Setting(value.Key, value.Value, "this process"))],
    };

    /// <summary>This process's environment variables.</summary>
    public static IReadOnlyDictionary<string, string> ProcessVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}
