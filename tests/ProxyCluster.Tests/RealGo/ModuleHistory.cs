using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.RealGo;

/// <summary>
/// The generated life of one module at its upstream: versions come, are retracted and are withdrawn, the branch is reset,
/// the module vanishes and returns, its replicas disagree. Everything follows from its number.
/// </summary>
internal sealed class ModuleHistory
{
    private static readonly DateTimeOffset Epoch = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly Random _random;
    private readonly ModulePath _path;
    private readonly bool _isTagged;
    private readonly bool _isIncompatible;
    private readonly bool _hasLatest;
    private readonly List<SiloModule> _present = [];
    private List<SiloModule> _lagging = [];
    private bool _isGone;
    private int _made;

    public ModuleHistory(int number)
    {
        _random = new Random(number);
        _path = ModulePath.Parse($"example.com/h{number:000}");
        _isTagged = number % 4 != 0;
        _isIncompatible = number % 4 == 1;
        _hasLatest = number % 3 != 0;
    }

    public string Path => _path.Value;

    /// <summary>Whether a replica that lags behind would list less than upstream does.</summary>
    public bool MayLag => _isTagged && !_isGone && _lagging.Count > 0 && _present.Except(_lagging).Any() && !_lagging.Except(_present).Any();

    /// <summary>The versions that upstream has.</summary>
    public IReadOnlyList<SiloModule> Present => _isGone ? [] : _present;

    /// <summary>Any of them, or null.</summary>
    public SiloModule? AnyOrNull() => Present.Count > 0 ? Present[_random.Next(Present.Count)] : null;

    /// <summary>Lives on: gives the version that is new, or null.</summary>
    public SiloModule? Step()
    {
        _lagging = [.. _present];
        switch (_present.Count == 0 ? 0 : _random.Next(10))
        {
            case 0 or 1 or 2:
                return Add(prerelease: "", retracts: false);
            case 3:
                return Add("-rc.1", retracts: false);
            case 4:
                return Add("", retracts: true);
            case 5 or 6: // the newest is withdrawn, or the branch is reset to the commit before it
                _present.RemoveAt(_present.Count - 1);
                return null;
            case 7:
                _present.RemoveAt(_random.Next(_present.Count));
                return null;
            case 8:
                _isGone = !_isGone;
                return null;
            default:
                return null;
        }
    }

    /// <summary>Has upstream serve what it has, or as much of it as a replica that lags behind has heard of.</summary>
    public void Publish(UpstreamServer upstream, bool lagging = false)
    {
        var listed = lagging ? _lagging : _present;
        foreach (var ending in (ReadOnlySpan<string>)["@v/list", "@latest"])
            upstream.Remove($"/{Path}/{ending}");
        if (_isGone)
            return;

        upstream.Put($"/{Path}/@v/list", string.Concat(listed.Where(_ => _isTagged || !_hasLatest).Select(Line)));
        if (_hasLatest && listed.Count > 0)
            upstream.Put($"/{Path}/@latest", listed.MaxBy(module => (Rank(module), _present.IndexOf(module)))!.Info);
    }

    /// <summary>Has upstream serve the artifacts of what it has, and of nothing else.</summary>
    public void PublishArtifacts(UpstreamServer upstream, IEnumerable<SiloModule> ever)
    {
        foreach (var module in ever)
        {
            foreach (var (ending, body) in ((string, byte[])[])[(".info", module.Info), (".mod", module.GoMod), (".zip", module.Zip)])
            {
                if (Present.Contains(module))
                    upstream.Put(module.Stem + ending, body);
                else
                    upstream.Remove(module.Stem + ending);
            }
        }
    }

    // Some trees tell a commit's time in the second column, and then it is that which counts.
    private string Line(SiloModule module) =>
        _isTagged || _path.Value[^1] % 2 == 0 ? $"{module.Module.Version}\n" : $"{module.Module.Version} {Epoch.AddDays(module.Zip.Length % 100):yyyy-MM-ddTHH:mm:ssZ}\n";

    private static int Rank(SiloModule module) => Semver.Prerelease(module.Module.Version).Length > 0 ? 0 : 1;

    private SiloModule Add(string prerelease, bool retracts)
    {
        var n = _made++;
        var version = _isTagged ? $"v1.{n}.0{prerelease}"
            : $"v0.0.0-{Epoch.AddDays((n * 7) + _random.Next(20)).ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{n:x12}";
        if (_isIncompatible && n % 2 == 1)
            version = $"v{2 + n}.0.0{prerelease}+incompatible";
        var rest = new StringBuilder("\ngo 1.19\n");
        if (retracts && _isTagged && _present[^1].Module.Version is var last && !last.EndsWith("+incompatible", StringComparison.Ordinal))
            rest.Append(CultureInfo.InvariantCulture, $"\nretract {last}\n");
        var hasGoMod = !_isIncompatible || (n % 2 == 0 && _random.Next(2) == 0);
        var module = SiloModule.Pack(Path, version, goModRest: hasGoMod ? rest.ToString() : null);
        _present.Add(module);
        _present.Sort(static (a, b) => Semver.Compare(a.Module.Version, b.Module.Version));
        return module;
    }
}
