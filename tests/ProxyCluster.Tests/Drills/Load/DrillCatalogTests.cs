using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Drills.Load;

public class DrillCatalogTests
{
    private static readonly IReadOnlyList<PackedModule> Modules = [.. DrillModules.Make(24, seed: 5)];

    [Fact]
    public void Make_SameSeed_SameBytes()
    {
        var again = DrillModules.Make(24, seed: 5).ToList();

        Assert.Equal(Modules.Select(static m => m.ZipH1), again.Select(static m => m.ZipH1));
        Assert.Equal(24, Modules.Select(static m => m.Module).Distinct().Count());
        Assert.NotEqual(Modules[0].ZipH1, DrillModules.Make(1, seed: 6).Single().ZipH1);
    }

    [Fact]
    public void Read_DirectoryOfAModuleCache_GivesWhatIsComplete()
    {
        using var scratch = new ScratchDirectory();
        foreach (var packed in Modules.Take(2))
            Write(scratch, packed);
        File.Delete(Path.Combine(Folder(scratch, Modules[1]), Modules[1].Module.EscapedVersion + ".info"));

        var read = Assert.Single(DrillModules.Read(scratch.Path));

        Assert.Equal((Modules[0].Module, Modules[0].ZipH1, Modules[0].GoModH1), (read.Module, read.ZipH1, read.GoModH1));
    }

    [Fact]
    public void Read_DamagedZip_IsNamed()
    {
        using var scratch = new ScratchDirectory();
        Write(scratch, Modules[0]);
        File.WriteAllText(Path.Combine(Folder(scratch, Modules[0]), Modules[0].Module.EscapedVersion + ".zip"), "no zip");

        var error = Assert.Throws<InvalidDataException>(() => DrillModules.Read(scratch.Path).ToList());

        Assert.Contains(Modules[0].Module.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_ColdArtifacts_ComeOnceInTheOrderOfGo()
    {
        var catalog = DrillCatalog.Of(Modules, warm: 16, seed: 1);
        var asked = Enumerable.Range(0, 2000).Select(_ => catalog.Next()).ToList();

        Assert.Equal(catalog.Cold, asked.Where(static next => next.Kind == AskedFor.Miss).Select(static next => next.Object));
        Assert.Equal([".info", ".mod", ".zip"], catalog.Cold.Take(3).Select(static cold => Path.GetExtension(cold.Path)));
        Assert.Equal(0, catalog.ColdLeft);
        Assert.InRange(asked.Count(static next => next.Kind == AskedFor.Query), 300, 500);
        Assert.All(asked.Where(static next => next.Kind == AskedFor.Hit), next => Assert.Contains(next.Object, catalog.Warm));
    }

    [Fact]
    public void Next_SameSeed_SameRequests()
    {
        var (one, other) = (DrillCatalog.Of(Modules, 16, seed: 3), DrillCatalog.Of(Modules, 16, seed: 3));

        Assert.Equal(
            Enumerable.Range(0, 200).Select(_ => one.Next().Object.Path),
            Enumerable.Range(0, 200).Select(_ => other.Next().Object.Path));
    }

    [Fact]
    public void Make_SameSeed_SameModulesInEveryProcess() =>
        Assert.Equal("h1:qy/4OfW5Osl/13HXCHhggCbKcW3Uxk5TOjs68/Dkvt8=", DrillModules.Make(3, seed: 9).Last().ZipH1);

    [Fact]
    public void IsRight_OneBitOff_IsNot()
    {
        var zip = DrillCatalog.Of(Modules, 16, seed: 1).Warm[2];
        var bytes = Modules[0].Zip.ToArray();

        Assert.True(zip.IsRight(bytes));
        bytes[^1] ^= 1;
        Assert.False(zip.IsRight(bytes));
    }

    [Fact]
    public void IsRight_ListThatForgotAVersion_IsNot()
    {
        var list = DrillCatalog.Of(Modules, 16, seed: 1).Queries.First(static query => query.Path.EndsWith("/list", StringComparison.Ordinal));

        Assert.True(list.IsRight(System.Text.Encoding.UTF8.GetBytes(string.Concat(list.Words))));
        Assert.False(list.IsRight(System.Text.Encoding.UTF8.GetBytes(string.Concat(list.Words.Skip(1)))));
    }

    private static string Folder(ScratchDirectory scratch, PackedModule packed) =>
        Path.Combine(scratch.Path, packed.Module.Path.Escaped, "@v");

    private static void Write(ScratchDirectory scratch, PackedModule packed)
    {
        var stem = Path.Combine(Directory.CreateDirectory(Folder(scratch, packed)).FullName, packed.Module.EscapedVersion);
        File.WriteAllBytes(stem + ".info", packed.Info);
        File.WriteAllBytes(stem + ".mod", packed.GoMod);
        File.WriteAllBytes(stem + ".zip", packed.Zip);
    }
}
