using System.Globalization;
using System.Text;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.TestKit.Clusters;

/// <summary>
/// Made up modules behind an upstream that counts, and a checksum database that signs them: each is a small but real
/// module, so that everything is verified as it would be anywhere.
/// </summary>
internal sealed class SignedWorld : IAsyncDisposable
{
    /// <summary>Versions of every module; the last is the newest.</summary>
    public static readonly IReadOnlyList<string> Versions = ["v1.0.0", "v1.1.0"];

    private SignedWorld(IReadOnlyList<PackedModule> modules, EmbeddedChecksumDatabase database)
    {
        Modules = modules;
        Database = database;
        foreach (var packed in modules)
        {
            var path = "/" + packed.Module.Path.Escaped + "/@v/";
            Upstream.Put($"{path}{packed.Module.EscapedVersion}.info", packed.Info);
            Upstream.Put($"{path}{packed.Module.EscapedVersion}.mod", packed.GoMod);
            Upstream.Put($"{path}{packed.Module.EscapedVersion}.zip", packed.Zip);
            Upstream.Put(path + "list", string.Concat(Versions.Select(static v => v + "\n")));
        }
    }

    /// <summary>All module versions.</summary>
    public IReadOnlyList<PackedModule> Modules { get; }

    /// <summary>Where they come from.</summary>
    public UpstreamServer Upstream { get; } = UpstreamServer.Start();

    /// <summary>Who vouches for them.</summary>
    public EmbeddedChecksumDatabase Database { get; }

    /// <summary>Starts a world with so many modules, two versions each.</summary>
    /// <param name="modules">How many.</param>
    /// <param name="zipBytes">About how large each zip is.</param>
    public static async Task<SignedWorld> StartAsync(int modules, int zipBytes)
    {
        var packed = Enumerable.Range(0, modules).SelectMany(n => Versions.Select(version => Pack(n, version, zipBytes))).ToList();
        return new SignedWorld(packed, await EmbeddedChecksumDatabase.StartAsync(packed, CancellationToken.None));
    }

    /// <summary>The path of an artifact of the n-th module version, without a leading slash.</summary>
    public string PathOf(int n, string ending) =>
        $"{Modules[n].Module.Path.Escaped}/@v/{Modules[n].Module.EscapedVersion}{ending}";

    /// <summary>What an upstream path's body must be.</summary>
    public ReadOnlyMemory<byte> BodyOf(string path) => Upstream.FindOrNull("/" + path)!.Body;

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await Upstream.DisposeAsync();
    }

    private static PackedModule Pack(int n, string version, int zipBytes)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"rehearsal.example.com/m{n:0000}");
        if (!ModuleVersion.TryParse(path, version, out var module, out var error))
            throw new InvalidOperationException(error);
        // The same in every run, and nothing that a zip could make smaller.
        var content = new byte[zipBytes];
        new Random(n).NextBytes(content);
        return PackedModule.Pack(module, "2024-01-02T03:04:05Z",
        [
            ModuleFile.Of("go.mod", Encoding.UTF8.GetBytes($"module {path}\n\ngo 1.19\n")),
            ModuleFile.Of("part.bin", content),
            ModuleFile.Of("version.txt", Encoding.UTF8.GetBytes(version)),
        ]);
    }
}
