namespace ProxyCluster.Tests.Silo;

/// <summary>A silo for the tests of one class to share, with an upstream that has one of everything.</summary>
public sealed class FilledSilo : IAsyncLifetime
{
    internal static SiloModule Lib { get; } = SiloModule.Pack("example.com/lib", "v1.2.0");

    internal static SiloModule Prerelease { get; } = SiloModule.Pack("github.com/Azure/Thing", "v1.0.0-RC1");

    internal static SiloModule Incompatible { get; } = SiloModule.Pack("example.com/old", "v2.0.0+incompatible");

    internal static SiloModule Second { get; } = SiloModule.Pack("example.com/lib/v2", "v2.1.0");

    internal static SiloModule GoPkg { get; } = SiloModule.Pack("gopkg.in/yaml.v3", "v3.0.1");

    internal static SiloModule Pseudo { get; } = SiloModule.Pack("example.com/tip", "v0.0.0-20240102030405-abcdef012345");

    /// <summary>Too large for the memory cache: it is sent from disk.</summary>
    internal static SiloModule Large { get; } = SiloModule.Pack("example.com/large", "v1.0.0", 600_000);

    internal static SiloModule Prefixed { get; } = SiloModule.Pack("example.com/prefixed", "v1.4.2");

    /// <summary>Small, large and with every kind of escape.</summary>
    internal static IReadOnlyList<SiloModule> All { get; } =
        [Lib, Prerelease, Incompatible, Second, GoPkg, Pseudo, Large, Prefixed];

    internal TestSilo Silo { get; private set; } = null!;

    internal TestSilo BasedSilo { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Silo = await StartAsync();
        BasedSilo = await StartAsync(("Http:BasePath", "/go/proxy"));
    }

    public async ValueTask DisposeAsync()
    {
        await Silo.DisposeAsync();
        await BasedSilo.DisposeAsync();
    }

    /// <summary>The silo that serves below a base path, or the one that does not, and that path.</summary>
    internal (TestSilo Silo, string Base) Of(bool based) => based ? (BasedSilo, "/go/proxy") : (Silo, "");

    /// <summary>A silo of one's own with the same modules upstream.</summary>
    internal static async Task<TestSilo> StartAsync(params (string Key, string Value)[] settings)
    {
        var silo = await TestSilo.StartAsync(settings);
        silo.Database.Fill(600);
        silo.Add(All);
        silo.Upstream.Put("/example.com/lib/@v/list", "v1.2.0\nv1.0.0\nv0.0.0-20240102030405-abcdef012345\n");
        silo.Upstream.Put("/example.com/lib/@latest", SiloModule.InfoOf("v1.2.0"));
        silo.Upstream.Put("/example.com/lib/@v/main.info", SiloModule.InfoOf("v1.2.1-0.20240102030405-abcdef012345"));
        silo.Upstream.Put("/example.com/lib/@v/abcdef012345.info", SiloModule.InfoOf("v1.2.0"));
        silo.Upstream.Put("/example.com/untagged/@v/list", "");
        silo.Upstream.Put("/example.com/prefixed/@v/list", "v1.4.2\nv1.4.1\nv1.40.0\nv0.9.0\n");
        silo.Upstream.Put("/github.com/!azure/!thing/@v/list", "v1.0.0-RC1\n");
        return silo;
    }
}
