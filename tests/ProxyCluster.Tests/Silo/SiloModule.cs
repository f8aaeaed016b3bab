using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Tests.Silo;

/// <summary>A small genuine module version: what an upstream serves of it, and its true hashes.</summary>
internal sealed record SiloModule(ModuleVersion Module, byte[] Info, byte[] GoMod, byte[] Zip, string ZipH1, string GoModH1)
{
    /// <summary>Its path in a URL as far as the ending, with a leading slash.</summary>
    public string Stem => $"/{Module.Path.Escaped}/@v/{Module.EscapedVersion}";

    /// <summary>
    /// Packs a module version, with a file of random bytes where a size is given. <paramref name="goModRest"/> is what
    /// go.mod says below the module's name; null has none packed, and the upstream makes one up.
    /// </summary>
    public static SiloModule Pack(string path, string version, int randomBytes = 0, string? goModRest = "\ngo 1.21\n")
    {
        Assert.True(ModuleVersion.TryParse(path, version, out var module, out var error), error);
        var goMod = Encoding.UTF8.GetBytes($"module {path}\n{goModRest}");
        var random = new byte[randomBytes];
        new Random(randomBytes).NextBytes(random);
        using var zip = new MemoryStream();
        var created = ModuleZip.Create(zip, module,
        [
            .. goModRest is not null ? [ModuleFile.Of("go.mod", goMod)] : Array.Empty<ModuleFile>(),
            ModuleFile.Of("a.go", Encoding.UTF8.GetBytes($"package a\n\nconst Version = \"{version}\"\n")),
            .. randomBytes > 0 ? [ModuleFile.Of("testdata/random", random)] : Array.Empty<ModuleFile>(),
        ]);
        Assert.True(created.IsValid);
        Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out error), error);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out _));
        return new SiloModule(module, InfoOf(version), goMod, zip.ToArray(), h1, ModuleHash.OfGoMod(goMod));
    }

    /// <summary>The <c>.info</c> that an upstream has of a version.</summary>
    public static byte[] InfoOf(string version) =>
        Encoding.UTF8.GetBytes($$"""{"Version":"{{version}}","Time":"2024-01-02T03:04:05Z"}""");
}
