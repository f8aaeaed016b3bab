using System.CommandLine;
using System.CommandLine.Parsing;
using ProxyCluster.Configuration;

namespace ProxyCluster.Cli;

/// <summary>Flags whose value is a time above zero, such as <c>30s</c>.</summary>
internal static class DurationOption
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>One with a default.</summary>
    public static Option<TimeSpan> Create(string name, string description, TimeSpan otherwise) => new(name)
    {
        Description = $"{description} Default {Duration.Format(otherwise)}.",
        HelpName = "TIME",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => ParseOrNull(name, result) ?? default,
    };

    /// <summary>One that may be left out.</summary>
    public static Option<TimeSpan?> CreateOptional(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => ParseOrNull(name, result),
    };

    private static TimeSpan? ParseOrNull(string name, ArgumentResult result)
    {
        if (Duration.TryParse(result.Tokens[0].Value, out var value) && value > TimeSpan.Zero && value < Longest)
            return value;
        result.AddError($"{name} {result.Tokens[0].Value}: {Duration.Allowed}");
        return null;
    }
}
