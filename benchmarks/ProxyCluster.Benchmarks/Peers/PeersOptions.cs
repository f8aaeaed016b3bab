using System.Globalization;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Peers;

/// <summary>The command line of <c>peers</c>.</summary>
/// <param name="Peers">Who is measured; the first is what the others are held against.</param>
/// <param name="Modules">File that names module versions; null for those of the real corpus.</param>
/// <param name="Kinds">Which of their files are asked for.</param>
/// <param name="Effort">How long and how often.</param>
/// <param name="Json">File for the findings; null for none.</param>
/// <param name="Html">File for them as a page; null for none.</param>
internal sealed record PeersOptions(
    IReadOnlyList<Peer> Peers, string? Modules, IReadOnlyList<ArtifactKind> Kinds, Effort Effort, string? Json, string? Html)
{
    /// <summary>How it is used.</summary>
    public const string Usage = """
        benchmarks/run peers NAME=URL NAME=URL [...] [--modules FILE] [--kinds info,mod,zip]
                             [--rounds N] [--seconds N] [--connections N] [--json FILE] [--html FILE]
        """;

    /// <summary>Reads the arguments; null when one cannot be used, which <paramref name="error"/> names.</summary>
    public static PeersOptions? ReadOrNull(IReadOnlyList<string> args, out string error)
    {
        var options = new PeersOptions([], null, Enum.GetValues<ArtifactKind>(), new Effort(), null, null);
        for (var i = 0; i < args.Count; i++)
        {
            error = args[i];
            var next = args[i].StartsWith("--", StringComparison.Ordinal)
                ? ++i < args.Count ? options.WithOrNull(args[i - 1], args[i]) : null
                : Peer.ParseOrNull(args[i]) is { } peer ? options with { Peers = [.. options.Peers, peer] } : null;
            if (next is null)
                return null;
            options = next;
        }

        error = "fewer than two peers, or two of one name";
        return options.Peers.Count < 2 || options.Peers.DistinctBy(static peer => peer.Name).Count() < options.Peers.Count ? null : options;
    }

    private PeersOptions? WithOrNull(string name, string value)
    {
        var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : (int?)null;
        return (name, number) switch
        {
            ("--rounds", { } rounds) => this with { Effort = Effort with { Rounds = rounds } },
            ("--seconds", { } seconds) => this with { Effort = Effort with { Seconds = seconds } },
            ("--connections", { } connections) => this with { Effort = Effort with { Connections = connections } },
            ("--modules", _) => this with { Modules = value },
            ("--json", _) => this with { Json = Path.GetFullPath(value) },
            ("--html", _) => this with { Html = Path.GetFullPath(value) },
            ("--kinds", _) when KindsOrNull(value) is { } kinds => this with { Kinds = kinds },
            _ => null,
        };
    }

    private static List<ArtifactKind>? KindsOrNull(string text)
    {
        var kinds = new List<ArtifactKind>();
        foreach (var word in text.Split(','))
        {
            if (!Enum.TryParse<ArtifactKind>(word, ignoreCase: true, out var kind) || !Enum.IsDefined(kind))
                return null;
            kinds.Add(kind);
        }

        return kinds;
    }
}
