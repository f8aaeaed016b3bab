using System.Globalization;
using System.Net;
using BenchmarkDotNet.Attributes;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Policy;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>What a policy of a thousand rules costs a hit that it is asked about.</summary>
public class PolicyBenchmarks
{
    private readonly ModulePath _path = ModulePath.Parse("github.com/gorilla/mux");
    private ActivePolicy _policy = null!;
    private PolicyClient _client;

    [GlobalSetup]
    public void Setup()
    {
        var rules = Enumerable.Range(0, 997).Select(static i => string.Create(
                CultureInfo.InvariantCulture, $"- {{name: r{i}, action: block, match: {{modules: example.com/m{i}, versions: <v1.0.0}}, reason: x}}"))
            .Append("- {name: group, action: block, match: {modules: github.com/gorilla, client: {group: 'bad-*', address: [10.0.0.0/8, 2001:db8::/32]}}, reason: x}")
            .Append("- {name: share, action: block, match: {modules: github.com/gorilla, percent: 0}, reason: x}")
            .Append("- {name: branches, action: block, match: {query: moving}, reason: x}");
        var document = PolicyReader.ReadOrNull($"policy: 1\nrules:\n{string.Join('\n', rules)}\n", out var mistakes)
            ?? throw new InvalidOperationException(mistakes[0].ToString());
        _policy = new ActivePolicy(1, 1, PolicySet.Of(1, document).At("tokyo", DateTimeOffset.UnixEpoch), PolicyAdvisories.None);
        _client = new PolicyClient(new Identity("ci", ["release"]), "", IPAddress.Parse("::ffff:192.0.2.1"));
    }

    /// <summary>Of a module that rules about who asks are about; those are asked again for each hit.</summary>
    [Benchmark]
    public bool DecideByClient() => _policy.Decide(new PolicyQuestion(_path, "v1.8.0", AskKinds.Version, "", _client), out _).Verdict == PolicyVerdict.Allow;

    /// <summary>Of a list.</summary>
    [Benchmark]
    public bool DecideList() => _policy.Decide(new PolicyQuestion(_path, null, AskKinds.List, "", _client), out _).Verdict == PolicyVerdict.Allow;
}
