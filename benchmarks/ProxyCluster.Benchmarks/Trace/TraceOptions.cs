using System.Globalization;
using ProxyCluster.Benchmarks.Trace.Sources;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>The command line of <c>trace</c>.</summary>
internal sealed record TraceOptions
{
    /// <summary>How it is used.</summary>
    public const string Usage = """
        benchmarks/run trace [--regions K] [--silos M] [--versions N] [--hours H] [--rate R] [--zipf S] [--shared PART] [--seed N]
                             [--log REGION=FILE ... --format nginx|athens]
                             [--max-gib G] [--copies REGIONS] [--door front-end|silo] [--store redis|etcd]
                             [--lose REGION@HOUR-HOUR] [--json FILE] [--html FILE]
        """;

    /// <summary>What a synthetic trace looks like.</summary>
    public SyntheticShape Shape { get; init; } = new(Regions: 3, Versions: 100_000, Hours: 24, Rate: 20, Zipf: 1, Shared: 0.8, Seed: 1);

    /// <summary>How the cluster is set up.</summary>
    public TraceSetup Setup { get; init; } = new(Silos: 2, MaxBytes: null, MinRegions: 1, HasFrontEnds: true, IsStoreForHints: true);

    /// <summary>Recorded logs by region; without any the trace is synthetic.</summary>
    public IReadOnlyList<(string Region, string File)> Logs { get; init; } = [];

    /// <summary>How their lines are read.</summary>
    public Func<string, LogLine?> ReadLineOrNull { get; init; } = NginxLog.ParseOrNull;

    /// <summary>The region that is lost; null for none.</summary>
    public RegionLoss? Loss { get; init; }

    /// <summary>File for the result as JSON; null for none.</summary>
    public string? Json { get; init; }

    /// <summary>File for the result as a page; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>Reads the arguments; null when one cannot be used, which <paramref name="error"/> names.</summary>
    public static TraceOptions? ReadOrNull(IReadOnlyList<string> args, out string error)
    {
        var options = new TraceOptions();
        for (var i = 0; i < args.Count; i += 2)
        {
            error = i + 1 < args.Count ? $"{args[i]} {args[i + 1]}" : args[i];
            if (i + 1 == args.Count || options.WithOrNull(args[i], args[i + 1]) is not { } next)
                return null;
            options = next;
        }

        error = "";
        return options;
    }

    private TraceOptions? WithOrNull(string name, string value)
    {
        var whole = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : (int?)null;
        var number = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var d) ? d : (double?)null;
        return (name, whole, number) switch
        {
            ("--regions", <= 64 and { } regions, _) => this with { Shape = Shape with { Regions = regions } },
            ("--versions", { } versions, _) => this with { Shape = Shape with { Versions = versions } },
            ("--hours", <= 10_000 and { } hours, _) => this with { Shape = Shape with { Hours = hours } },
            ("--seed", { } seed, _) => this with { Shape = Shape with { Seed = (ulong)seed } },
            ("--rate", _, > 0 and { } rate) => this with { Shape = Shape with { Rate = rate } },
            ("--zipf", _, > 0 and < 10 and { } zipf) => this with { Shape = Shape with { Zipf = zipf } },
            ("--shared", _, <= 1 and { } shared) => this with { Shape = Shape with { Shared = shared } },
            ("--silos", <= 1000 and { } silos, _) => this with { Setup = Setup with { Silos = silos } },
            ("--max-gib", _, > 0 and { } gib) => this with { Setup = Setup with { MaxBytes = (long)(gib * (1L << 30)) } },
            ("--copies", { } copies, _) => this with { Setup = Setup with { MinRegions = copies } },
            ("--json", _, _) => this with { Json = Path.GetFullPath(value) },
            ("--html", _, _) => this with { Html = Path.GetFullPath(value) },
            _ => WithWordOrNull(name, value),
        };
    }

    private TraceOptions? WithWordOrNull(string name, string value) => (name, value) switch
    {
        ("--door", "front-end") => this with { Setup = Setup with { HasFrontEnds = true } },
        ("--door", "silo") => this with { Setup = Setup with { HasFrontEnds = false } },
        ("--store", "redis") => this with { Setup = Setup with { IsStoreForHints = true } },
        ("--store", "etcd") => this with { Setup = Setup with { IsStoreForHints = false } },
        ("--format", "nginx") => this with { ReadLineOrNull = NginxLog.ParseOrNull },
        ("--format", "athens") => this with { ReadLineOrNull = AthensLog.ParseOrNull },
        ("--log", _) when value.Split('=', 2) is [{ Length: > 0 } region, { Length: > 0 } file] => this with { Logs = [.. Logs, (region, file)] },
        ("--lose", _) when value.Split('@', '-') is [{ Length: > 0 } region, var from, var until]
            && SecondOrNull(from) is { } lost && SecondOrNull(until) is { } back && lost < back => this with { Loss = new RegionLoss(region, lost, back) },
        _ => null,
    };

    private static uint? SecondOrNull(string hour) =>
        double.TryParse(hour, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 100_000 ? (uint)(number * 3600) : null;
}
