using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ProxyCluster.Tests.Advisories;

/// <summary>
/// Modules, versions and records at random, by a seed: every sort of version that go.mod files hold, and records as untidy as
/// real ones, and more so.
/// </summary>
internal sealed class GeneratedAdvisories(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Modules that go.mod files require.</summary>
    public string[] Modules { get; } =
    [
        .. Enumerable.Range(0, 24).Select(static i => $"example.com/m{i}"),
        .. Enumerable.Range(0, 8).Select(static i => $"example.com/m{i}/v2"),
        .. Enumerable.Range(0, 4).Select(static i => $"gopkg.in/y{i}.v2"),
        "example.com/Upper", "example.com/upper", "github.com/BurntSushi/toml", "example.com/m1/sub",
    ];

    /// <summary>Modules that others are replaced by; no record names them together with others.</summary>
    public string[] Forks { get; } = [.. Enumerable.Range(0, 6).Select(static i => $"fork.example.com/f{i}")];

    /// <summary>What can be said of one (record, module) exactly: it stands in one part, with SEMVER ranges alone.</summary>
    public HashSet<(string Id, string Module)> Plain { get; } = [];

    /// <summary>One of some, at random.</summary>
    public T One<T>(params ReadOnlySpan<T> of) => of[_random.Next(of.Length)];

    /// <summary>Whether something is so, once in so many times.</summary>
    public bool Once(int times) => _random.Next(times) == 0;

    /// <summary>Some of them, each once.</summary>
    public string[] Some(string[] of, int count) => [.. _random.GetItems(of, count).Distinct(StringComparer.Ordinal)];

    /// <summary>A release of Go.</summary>
    public string Release() => One("go1.18", "go1.18.3", "go1.20rc1", "go1.20.7", "go1.21.0", "go1.22.5");

    /// <summary>A version that the module may have.</summary>
    public string Version(string module)
    {
        var major = module.EndsWith("v2", StringComparison.Ordinal) ? 2 : _random.Next(3) == 0 ? 0 : 1;
        var (minor, patch) = (_random.Next(4), _random.Next(3));
        var commit = $"20230{_random.Next(1, 9)}01000000-abcdefabcdef";
        return _random.Next(10) switch
        {
            0 => $"v{major}.0.0-{commit}",
            1 => $"v{major}.{minor}.{patch + 1}-0.{commit}",
            2 => $"v{major}.{minor}.{patch}-{One("rc.1", "alpha", "beta.2", "0", "rc.1.0." + commit)}",
            3 when major < 2 && !module.StartsWith("gopkg.in", StringComparison.Ordinal) => $"v{_random.Next(2, 5)}.{minor}.{patch}+incompatible",
            _ => $"v{major}.{minor}.{patch}",
        };
    }

    /// <summary>A record.</summary>
    public JsonObject Record(string id)
    {
        var parts = new JsonArray();
        var modules = Once(8) ? Some(Forks, 2) : _random.GetItems([.. Modules, "stdlib", "stdlib", "toolchain"], _random.Next(1, 4));
        foreach (var module in modules)
        {
            var isPlain = true;
            parts.Add(Part(module, ref isPlain));
            if (isPlain && modules.Count(other => other == module) == 1)
                Plain.Add((id, module));
        }

        var record = new JsonObject
        {
            ["schema_version"] = "1.3.1",
            ["id"] = id,
            ["modified"] = "2024-02-03T04:05:06Z",
            ["published"] = "2024-01-01T00:00:00Z",
            ["aliases"] = new JsonArray("CVE-" + id[3..]),
            ["details"] = "",
            ["affected"] = parts,
        };
        if (Once(8))
            record["withdrawn"] = One("2024-03-01T00:00:00Z", "2999-01-01T00:00:00Z");
        return record;
    }

    /// <summary>Writes a database of records as govulncheck wants it.</summary>
    public void Write(string directory, int count)
    {
        Directory.CreateDirectory(Path.Combine(directory, "ID"));
        Directory.CreateDirectory(Path.Combine(directory, "index"));
        var byModule = new SortedDictionary<string, JsonArray>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"GO-2024-{i:0000}");
            var record = Record(id);
            File.WriteAllText(Path.Combine(directory, "ID", id + ".json"), record.ToJsonString());
            foreach (var module in record["affected"]!.AsArray().Select(static part => (string)part!["package"]!["name"]!).Distinct(StringComparer.Ordinal))
            {
                if (!byModule.TryGetValue(module, out var about))
                    byModule[module] = about = [];
                about.Add(new JsonObject { ["id"] = id, ["modified"] = "2024-02-03T04:05:06Z" });
            }
        }

        var index = new JsonArray([.. byModule.Select(static pair => (JsonNode)new JsonObject { ["path"] = pair.Key, ["vulns"] = pair.Value })]);
        File.WriteAllText(Path.Combine(directory, "index", "modules.json"), index.ToJsonString());
        File.WriteAllText(Path.Combine(directory, "index", "db.json"), """{"modified":"2024-02-03T04:05:06Z"}""");
    }

    /// <summary>Writes a main module with vendored packages, so that the real go needs no other place.</summary>
    public void WriteMain(string directory)
    {
        Directory.CreateDirectory(directory);
        var goMod = new StringBuilder("module example.com/main\n\ngo 1.21\n\nrequire (\n");
        var replaces = new StringBuilder();
        var vendored = new StringBuilder();
        var wildcards = new StringBuilder();
        var program = new StringBuilder("package main\n\nimport (\n");
        var forks = new Queue<string>(Some(Forks, 6)); // go takes each for one module alone
        foreach (var module in Some(Modules, 9).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)) // nor two that differ in case alone
        {
            var version = Version(module);
            goMod.Append(CultureInfo.InvariantCulture, $"\t{module} {version}{(Once(3) ? " // indirect" : "")}\n");
            program.Append(CultureInfo.InvariantCulture, $"\t_ \"{module}\"\n");
            var by = "";
            if (Once(5) && forks.TryDequeue(out var fork))
            {
                var isForAll = Once(2);
                by = Once(4) ? $" => ./{fork}" : $" => {fork} {Version(fork)}";
                Directory.CreateDirectory(Path.Combine(directory, fork));
                replaces.Append(CultureInfo.InvariantCulture, $"replace {module}{(isForAll ? "" : " " + version)}{by}\n");
                if (isForAll)
                    wildcards.Append(CultureInfo.InvariantCulture, $"# {module}{by}\n");
            }

            vendored.Append(CultureInfo.InvariantCulture, $"# {module} {version}{by}\n## explicit\n{module}\n");
            Directory.CreateDirectory(Path.Combine(directory, "vendor", module));
            File.WriteAllText(Path.Combine(directory, "vendor", module, "p.go"), "package p\n");
        }

        File.WriteAllText(Path.Combine(directory, "go.mod"), $"{goMod})\n\n{replaces}");
        File.WriteAllText(Path.Combine(directory, "vendor", "modules.txt"), $"{vendored}{wildcards}");
        File.WriteAllText(Path.Combine(directory, "main.go"), $"{program})\n\nfunc main() {{}}\n");
    }

    private JsonObject Part(string module, ref bool isPlain)
    {
        var ranges = new JsonArray();
        for (var left = _random.Next(4); left > 0; left--)
        {
            var type = Once(8) ? One("ECOSYSTEM", "GIT") : "SEMVER";
            isPlain &= type == "SEMVER";
            ranges.Add(new JsonObject { ["type"] = type, ["events"] = Events(module, ref isPlain) });
        }

        var part = new JsonObject { ["package"] = new JsonObject { ["name"] = module, ["ecosystem"] = "Go" }, ["ranges"] = ranges };
        if (Once(12))
        {
            part["versions"] = new JsonArray(Bare(module));
            isPlain = false;
        }

        if (Once(3))
            part["ecosystem_specific"] = new JsonObject { ["imports"] = new JsonArray(new JsonObject { ["path"] = module, ["goos"] = new JsonArray("plan9") }) };
        else if (Once(8))
        {
            part["ecosystem_specific"] = new JsonObject
            {
                ["custom_ranges"] = new JsonArray(new JsonObject { ["type"] = "ECOSYSTEM", ["events"] = new JsonArray(Event("introduced", "0"), Event("fixed", Bare(module))) }),
            };
            isPlain = false;
        }

        return part;
    }

    private JsonArray Events(string module, ref bool isPlain)
    {
        // Mostly intervals one after the other, as they should be; written in any order.
        var versions = Enumerable.Range(0, _random.Next(6)).Select(_ => Bare(module)).ToArray();
        if (!Once(6))
            versions = [.. versions.OrderBy(static v => "v" + v.TrimStart('v'), GoModules.Names.Semver.Order)];
        var events = versions.Select((version, i) => Event(i % 2 == 0 ? "introduced" : "fixed", i == 0 && !Once(3) ? "0" : version)).ToArray();
        if (Once(2))
            _random.Shuffle(events);
        if (Once(10))
        {
            events = [.. events, Event("last_affected", Bare(module))];
            isPlain = false;
        }

        return new JsonArray([.. events]);
    }

    private string Bare(string module) => module is "stdlib" or "toolchain"
        ? One("1.18.0-0", "1.18.2", "1.18.4", "1.19.0-0", "1.20.0-0", "1.20.0-rc.1", "1.20.0", "1.20.8", "1.21.0-0", "1.21.1", "1.22.0-0", "1.22.6")
        : Version(module) is var version && Once(10) ? version : version.Replace("+incompatible", "", StringComparison.Ordinal)[1..];

    private static JsonObject Event(string kind, string version) => new JsonObject { [kind] = version };
}
