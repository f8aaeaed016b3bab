using System.IO.Compression;
using ProxyCluster.Bills;
using ProxyCluster.GoModules.Licences;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Bills;

public sealed class ModuleLicencesTests
{
    private static readonly ModuleVersion Module = new(ModulePath.Parse("example.com/m"), "v1.0.0");

    [Fact]
    public void Read_OfAZip_TellsTheRootFromItsParts()
    {
        var read = Read(("LICENSE", "MIT"), ("LICENSE-APACHE.txt", "Apache-2.0"), ("third_party/x/LICENSE", "BSD-2-Clause"), ("internal/LICENSE", "MIT"), ("license.go", "GPL-2.0-only"));
        Assert.Equal(["Apache-2.0", "MIT"], read.Ids);
        Assert.Equal(["BSD-2-Clause"], read.Parts);
        Assert.Null(read.Doubt);
    }

    [Theory]
    [InlineData("sub/LICENSE", "MIT", "no licence file at the root")]
    [InlineData("LICENSE", null, "no known text in LICENSE")]
    [InlineData("LICENSE", "MIT+", "more than known texts in LICENSE (2")]
    public void Read_WhatIsNotKnown_IsSaid(string file, string? text, string doubt) => Assert.StartsWith(doubt, Read((file, text)).Doubt, StringComparison.Ordinal);

    [Fact]
    public void Read_AHugeFile_IsNotRead()
    {
        using var zip = Zip(("LICENSE", new string('x', LicenceFiles.MaxSize + 1)));
        Assert.Equal("more than known texts in LICENSE", ModuleLicences.Read(zip, Module).Doubt);
    }

    private static ModuleLicences Read(params (string Name, string? Licence)[] files)
    {
        using var zip = Zip([.. files.Select(static file => (file.Name, file.Licence is { } id ? TextOf(id.TrimEnd('+')) + (id.EndsWith('+') ? Added : "") : "Nobody may do anything."))]);
        return ModuleLicences.Read(zip, Module);
    }

    private static string Added => "\nFurthermore you shall send a postcard from the place where you live to each of the authors before next Christmas, or pay.\n";

    private static MemoryStream Zip(params (string Name, string Text)[] files)
    {
        var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var writer = new StreamWriter(zip.CreateEntry($"{Module}/{name}").Open());
                writer.Write(text);
            }
        }

        return buffer;
    }

    internal static string TextOf(string id)
    {
        using var reader = new StreamReader(typeof(LicenceTexts).Assembly.GetManifestResourceStream("licences/" + id)!);
        return reader.ReadToEnd();
    }
}
