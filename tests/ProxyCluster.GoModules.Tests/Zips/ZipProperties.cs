using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

public sealed class ZipProperties
{
    private static readonly ModuleVersion Module = new(ModulePath.Parse("x.org/y"), "v1.0.0");

    private static readonly Gen<string> Name = Gen.Elements(
        "a", "B", "k", "\u212a", "é", "𐐀", "/", "/", "vendor/", "go.mod", "LICENSE", ".", "~", "d/e/")
        .NonEmptyListOf().Select(static pieces => string.Concat(pieces.Take(6)));

    private static readonly Arbitrary<ModuleFile[]> Files = (
        from name in Name
        from size in Gen.Choose(0, 3000)
        select ModuleFile.Of(name, [.. Enumerable.Range(0, size).Select(static i => (byte)(i * i))]))
        .ListOf().Select(static files => files.ToArray()).ToArbitrary();

    [Fact]
    public void CreateCheckHash_WhateverIsCreated_ChecksAndHashesLikeItsFiles() => Prop.ForAll(Files, static files =>
    {
        using var output = new MemoryStream();
        var created = ModuleZip.Create(output, Module, files);
        if (!created.IsValid)
            return output.Length == 0;

        var packed = files.Where(f => created.Included.Contains(f.Path)).Select(static f => ($"{Module}/{f.Path}", f.Open));
        return ZipDirectory.TryOpen(output, ZipLimits.Default, out var zip, out _)
            && ModuleZip.Check(zip, Module).IsValid
            && ModuleHash.TryOfZip(zip, out var ofZip, out _)
            && ModuleHash.TryOfFiles(packed, out var ofFiles, out _)
            && ofZip == ofFiles
            && created.Included.Count + created.Omitted.Count == files.Length;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void OpenCheckHash_AnyBytes_NeverThrow() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static bytes =>
    {
        var sound = new RawZip { Before = bytes ?? [] }.Add("x.org/y@v1.0.0/a").Build();
        foreach (var text in new[] { bytes ?? [], sound, [.. sound, .. bytes ?? []], sound[..(sound.Length / 2)] })
        {
            if (ZipDirectory.TryOpen(new MemoryStream(text), ZipLimits.Default, out var zip, out _))
                _ = ModuleZip.Check(zip, Module).IsValid && ModuleHash.TryOfZip(zip, out _, out _);
        }

        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void GoModFile_AnyText_NeverThrows() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), static text =>
    {
        var bytes = Encoding.UTF8.GetBytes("module " + text + "\ngo " + text);
        return GoModFile.ModulePathOrNull(bytes) is not "" && GoModFile.LanguageVersionOrNull(bytes) is not "";
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void CaseFolding_EveryCodePoint_IsStable()
    {
        for (var rune = 0; rune <= 0x10ffff; rune++)
            Assert.Equal(GoUnicode.Fold(rune), GoUnicode.Fold(GoUnicode.Fold(rune)));
    }
}
