using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Rulings;

/// <summary>All rulings in force, at most one of a module version; immutable, and the form in which the cluster agrees on them.</summary>
internal sealed class RulingSet
{
    /// <summary>Bytes that they may take, written: some 2,000 of them. A cluster store takes 1.5 MB of base 64 at most.</summary>
    public const int MaxBytes = 700_000;

    private const int Format = 1;

    private readonly FrozenDictionary<ModuleVersion, Ruling> _byModule;
    private readonly FrozenSet<string> _paths;

    private RulingSet(IEnumerable<Ruling> rulings)
    {
        _byModule = rulings.ToFrozenDictionary(static ruling => ruling.Module);
        _paths = _byModule.Keys.Select(static module => module.Path.Value).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>None.</summary>
    public static RulingSet Empty { get; } = new([]);

    /// <summary>All, ordered by module and version.</summary>
    public IEnumerable<Ruling> All => _byModule.Values
        .OrderBy(static ruling => ruling.Module.Path.Value, StringComparer.Ordinal)
        .ThenBy(static ruling => ruling.Module.Version, Semver.Order);

    /// <summary>How many.</summary>
    public int Count => _byModule.Count;

    /// <summary>The one about a module version, or null. Hot path.</summary>
    public Ruling? OfOrNull(ModuleVersion module) => _byModule.Count > 0 ? _byModule.GetValueOrDefault(module) : null;

    /// <summary>Is there one about any version of a module?</summary>
    public bool Concerns(ModulePath module) => _paths.Count > 0 && _paths.Contains(module.Value);

    /// <summary>With this one in place of any other about its module version.</summary>
    public RulingSet With(Ruling ruling) => new(_byModule.Values.Where(other => other.Module != ruling.Module)
        .Append(ruling.Verb == RulingVerb.Withdraw ? ruling with { Below = OfOrNull(ruling.Module)?.AcceptanceOrNull } : ruling));

    /// <summary>Without the last word about a module version.</summary>
    public RulingSet Without(ModuleVersion module) => new(
        _byModule.Values.Where(other => other.Module != module).Concat(OfOrNull(module)?.Below is { } below ? [below] : []));

    /// <summary>UTF-8 JSON.</summary>
    public byte[] Write() =>
        JsonSerializer.SerializeToUtf8Bytes(new RulingsFile(Format, [.. All.Select(RulingLine.Of)]), RulingsJson.Default.RulingsFile);

    /// <summary>Reads it. What a version to come may order is refused as a whole: half of it obeyed would be something else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out RulingSet? set, [NotNullWhen(false)] out string? error)
    {
        (set, error) = (null, null);
        try
        {
            var file = JsonSerializer.Deserialize(json, RulingsJson.Default.RulingsFile);
            if (file is not { Format: Format, Rulings: { } lines })
            {
                error = $"its format is {file?.Format.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}, this program reads {Format}";
                return false;
            }

            var rulings = new List<Ruling>(lines.Length);
            foreach (var line in lines)
            {
                if (ReadOrNull(line, out var fault) is { } ruling)
                {
                    rulings.Add(ruling);
                    continue;
                }

                error = fault ?? "it cannot be read";
                return false;
            }

            set = new RulingSet(rulings.DistinctBy(static ruling => ruling.Module));
            return true;
        }
        catch (JsonException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static Ruling? ReadOrNull(RulingLine line, out string? error)
    {
        if (!ModuleVersion.TryParse(line.Module ?? "", line.Version ?? "", out var module, out error))
            return null;
        if (line.Verb is not ("withdraw" or "accept"))
        {
            error = $"{module}: there is no order \"{line.Verb}\" here";
            return null;
        }

        Ruling? below = null;
        if (line.Below is { } lower && (below = ReadOrNull(lower, out error)) is not { Verb: RulingVerb.Accept })
        {
            error ??= $"{module}: only an acceptance stands behind another order";
            return null;
        }

        return new Ruling(
            line.Verb == "withdraw" ? RulingVerb.Withdraw : RulingVerb.Accept,
            module, line.ZipH1, line.GoModH1, line.By ?? "", line.Reason ?? "", line.At, below);
    }
}

/// <summary>All rulings as they are written.</summary>
/// <param name="Format">1.</param>
/// <param name="Rulings">One line each.</param>
internal sealed record RulingsFile(int Format, RulingLine[]? Rulings);

/// <summary>One ruling as it is written: <see cref="Ruling"/>.</summary>
internal sealed record RulingLine(
    string? Verb, string? Module, string? Version, string? ZipH1, string? GoModH1, string? By, string? Reason, DateTimeOffset At, RulingLine? Below = null)
{
    /// <summary>The line of a ruling.</summary>
    public static RulingLine Of(Ruling ruling) => new(
        ruling.Verb == RulingVerb.Withdraw ? "withdraw" : "accept",
        ruling.Module.Path.Value, ruling.Module.Version, ruling.ZipH1, ruling.GoModH1, ruling.By, ruling.Reason, ruling.At, ruling.Below is null ? null : Of(ruling.Below));
}

/// <summary>How rulings are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RulingsFile))]
internal sealed partial class RulingsJson : JsonSerializerContext;
