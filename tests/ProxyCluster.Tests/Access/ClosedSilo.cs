using System.Text;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>
/// A silo with modules for some: <c>git.test</c> is for the group <c>payments</c>, <c>shop.test</c> for the namespace <c>shop</c>. Alice is in the
/// group, Bob is logged in and no more.
/// </summary>
internal static class ClosedSilo
{
    public const string Alice = "Authorization: Bearer alices-long-token-0001";
    public const string Bob = "Authorization: Bearer bobs-long-token-000002";
    public const string Wrong = "Authorization: Bearer nobodys-long-token-03";

    public static SiloModule Private { get; } = SiloModule.Pack("git.test/pay/Core", "v1.2.0");

    /// <summary>Too large for memory.</summary>
    public static SiloModule Large { get; } = SiloModule.Pack("git.test/pay/large", "v1.0.0", 600_000);

    public static SiloModule OfShop { get; } = SiloModule.Pack("shop.test/till", "v1.0.0");

    public static SiloModule Open { get; } = SiloModule.Pack("example.com/lib", "v1.2.0");

    /// <summary>Every way to ask for the private module, and one of each that does not exist.</summary>
    public static IReadOnlyList<string> PrivatePaths { get; } =
    [
        .. from stem in (string[])[Private.Stem, Large.Stem, "/git.test/pay/!core/@v/v1.9.9", "/git.test/none/@v/v1.0.0"]
           from ending in (string[])[".info", ".mod", ".zip"]
           select stem + ending,
        "/git.test/pay/!core/@v/list", "/git.test/pay/!core/@latest", "/git.test/pay/!core/@v/main.info", "/git.test/pay/!core/@v/v1.info",
        "/git.test/none/@v/list", "/git.test/none/@latest", "/git.test/none/@v/main.info", "/git.test/none/@v/v1.info",
        "/sumdb/sumdb.test/go/lookup/git.test/pay/!core@v1.2.0", "/sumdb/sumdb.test/go/lookup/git.test/none@v1.2.0",
    ];

    /// <summary>The same for the public one, where it exists.</summary>
    public static IReadOnlyList<string> OpenPaths { get; } =
    [
        Open.Stem + ".info", Open.Stem + ".mod", Open.Stem + ".zip",
        "/example.com/lib/@v/list", "/example.com/lib/@latest", "/example.com/lib/@v/main.info", "/example.com/lib/@v/v1.info",
        "/sumdb/sumdb.test/go/lookup/example.com/lib@v1.2.0",
    ];

    public static string Tokens { get; } =
        $"alice {Alice.Split(' ')[^1]} payments\nbob {Bob.Split(' ')[^1]}\n";

    public static string Basic(string header) =>
        "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("whoever:" + header.Split(' ')[^1]));

    public static (string Key, string Value)[] Rules { get; } =
    [
        ("Access:Rules:0:Modules", "git.test"), ("Access:Rules:0:Read", "group:payments"),
        ("Access:Rules:1:Modules", "shop.test"), ("Access:Rules:1:Read", "anonymous"), ("Access:Rules:1:Namespace", "shop"),
    ];

    /// <summary>Settings with rules and a token file.</summary>
    public static (string Key, string Value)[] Settings(ScratchDirectory scratch, params (string Key, string Value)[] more)
    {
        File.WriteAllText(scratch["tokens"], Tokens);
        return [.. Rules, ("Access:TokenFile", scratch["tokens"]), .. more];
    }

    /// <summary>Has upstream and database know the modules.</summary>
    public static void Fill(TestSilo silo)
    {
        silo.Add(Private, Large, OfShop, Open);
        foreach (var module in (SiloModule[])[Private, Open, OfShop])
        {
            var path = "/" + module.Module.Path.Escaped;
            silo.Upstream.Put(path + "/@v/list", module.Module.Version + "\n");
            silo.Upstream.Put(path + "/@latest", SiloModule.InfoOf(module.Module.Version));
            silo.Upstream.Put(path + "/@v/main.info", SiloModule.InfoOf("v1.2.1-0.20240102030405-abcdef012345"));
        }
    }

    public static async Task<TestSilo> StartAsync(ScratchDirectory scratch, params (string Key, string Value)[] more)
    {
        var silo = await TestSilo.StartAsync(Settings(scratch, more));
        Fill(silo);
        return silo;
    }
}
