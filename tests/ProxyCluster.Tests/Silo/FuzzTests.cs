using System.Text;
using System.Text.RegularExpressions;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Silo;

/// <summary>Thousands of targets that nobody wrote by hand.</summary>
public partial class FuzzTests
{
    private const int Targets = 3000;
    private const int Seed = 20240102;

    private static readonly string[] Words =
    [
        "example.com", "lib", "v2", "v1.2.0", "v1", "v0.0.0-20240102030405-abcdef012345", "list", "@v", "@latest", ".info", ".mod", ".zip",
        "github.com", "!azure", "%21azure", "Azure", "sumdb", "sumdb.test", "go", "lookup", "latest", "supported", "tile", "8", "0", "000",
        "001.p", "3", "data", "cached-only", "healthz", "readyz", "metrics", "go", "proxy", "gopkg.in", "yaml.v3", "+incompatible", "v2.0.0",
    ];

    private static readonly string[] Odd =
    [
        "/", "//", "/./", "/../", "%2F", "%2f", "%2e", "%", "%2", "%zz", "%00", "%0a", "%25", "%2521", "!", "!!", "%21", "@", "%40", "+", "%2B", " ",
        "?", "?a=b", "#", "\\", "%5c", "~", ".", "..", "-", ":", ";", ",", "'", "\"", "<", ">", "[", "{", "*", "\u00e9", "\u00ff", "%C3%A9", "%ff", "\t",
        "\u0001", "con", "aux.x", "v", "http://", "https://proxy.test", "//proxy.test", "=", "&", "$", "`", "^", "|",
    ];

    [Fact]
    public async Task Target_MadeAtRandom_NeverBreaksTheSiloNorLeavesForUpstreamUnlessItIsAModule()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:BasePath", ""), ("Upstreams:MaxConcurrentRequests", "1000"));
        var random = new Random(Seed);
        var statuses = new Dictionary<int, int>();
        RawConnection? connection = null;
        try
        {
            for (var i = 0; i < Targets; i++)
            {
                var target = Make(random);
                connection ??= await RawConnection.OpenAsync(silo.Address);
                var method = random.Next(10) == 0 ? "HEAD" : "GET";
                RawAnswer answer;
                try
                {
                    answer = await connection.AskAsync(method, target);
                }
                catch (Exception e) when (e is IOException)
                {
                    Assert.Fail($"{method} {Show(target)}: no answer ({e.Message})");
                    throw;
                }

                statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
                Assert.True(answer.Status is 200 or 400 or 403 or 404 or 405 or 414, $"{method} {Show(target)}: {answer.Status} {answer.Text}");
                Assert.True(
                    answer.Status == 200 || !StackTrace().IsMatch(answer.Text), $"{method} {Show(target)}: {answer.Text}");
                if (answer["Connection"] == "close")
                {
                    connection.Dispose();
                    connection = null;
                }
            }
        }
        finally
        {
            connection?.Dispose();
        }

        silo.Log.AssertNoExceptions();
        Assert.All((int[])[200, 400, 404], status => Assert.True(statuses[status] > Targets / 100, string.Join(", ", statuses)));
        Assert.NotEmpty(silo.Upstream.Calls);
        Assert.All(silo.Upstream.Calls, call =>
        {
            var match = ModuleTarget().Match(call.RawTarget.Replace("%21", "!", StringComparison.Ordinal));
            Assert.True(match.Success, call.RawTarget);
            Assert.True(ModulePath.TryUnescape(match.Groups[1].ValueSpan, out _, out var error), $"{call.RawTarget}: {error}");
        });
        Assert.All(silo.Database.Paths, path => Assert.Matches("^(latest|lookup/[^@]+@v.+|tile/8/(data|[0-9]+)/[x0-9/]+(\\.p/[0-9]+)?)$", path));
    }

    // A plausible target, and then, more often than not, one to four things done to it.
    private static string Make(Random random)
    {
        var text = new StringBuilder("/");
        text.Append(random.Next(6) switch
        {
            0 => "example.com/lib/@v/v1.2.0" + Pick([".info", ".mod", ".zip"]),
            1 => "example.com/lib/@v/list",
            2 => "github.com/!azure/!thing/@v/v1.0.0-!r!c1.mod",
            3 => "sumdb/sumdb.test/go/" + Pick(["latest", "supported", "lookup/example.org/!mod@v1.5.0", "tile/8/0/001"]),
            4 => string.Join('/', Enumerable.Range(0, random.Next(1, 6)).Select(_ => Pick(Words))),
            _ => Pick(Words) + "/" + Pick(Words) + "/@v/" + Pick(Words) + Pick([".info", ".mod", ".zip", ""]),
        });
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            var at = random.Next(random.Next(4) == 0 ? 0 : 1, text.Length + 1);
            switch (random.Next(4))
            {
                case 0:
                    text.Insert(at, Pick(Odd));
                    break;
                case 1:
                    text.Insert(at, Pick(Words));
                    break;
                case 2 when at < text.Length && text.Length > 2:
                    text.Remove(at, Math.Min(random.Next(1, 5), text.Length - at));
                    break;
                default:
                    if (at < text.Length)
                        text[at] = (char)random.Next(0x20, 0x100);
                    break;
            }
        }

        // What would end the request line is not part of a target.
        return text.ToString().Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    private static string Show(string target) => Uri.EscapeDataString(target) + " = " + target;

    [GeneratedRegex("   at |Exception")]
    private static partial Regex StackTrace();

    [GeneratedRegex(@"^/(.+?)(/@v/list|/@latest|/@v/[^/]+\.(info|mod|zip))$")]
    private static partial Regex ModuleTarget();
}
