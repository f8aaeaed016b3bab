using System.Text;
using ProxyCluster.GoModules.Licences;

namespace ProxyCluster.GoModules.Tests.Licences;

public sealed class LicenceTextsTests
{
    private const string Later = "This program is free software; you can use it under either version 3 of the License, or (at your option) any later version.\n\n";

    public static TheoryData<string> Known => new(LicenceTexts.KnownIds);

    [Theory]
    [MemberData(nameof(Known))]
    public void Read_AKnownText_IsThatLicenceAlone(string id)
    {
        var reading = LicenceTexts.Read(TextOf(id));
        Assert.Equal([id], reading.Ids);
        Assert.Equal(0, reading.OtherWords);
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void Read_Reformatted_IsTheSame(string id)
    {
        // Other lines, comment marks, quotes, case, spelling, and somebody who wrote it.
        var words = TextOf(id).ReplaceLineEndings("\n").Replace("\"", "“", StringComparison.Ordinal).Split(' ');
        var text = new StringBuilder("/*\n * Copyright © 2014-2023 Jane Doe <jane@example.com>. All rights reserved.\n *\n * ");
        foreach (var word in words)
            text.Append(word.Replace("\n", "\n * ", StringComparison.Ordinal)).Append(text.Length % 7 == 0 ? "\n * " : "  ");
        Assert.Equal([id], LicenceTexts.Read(text.ToString().Replace("icense", "icence", StringComparison.Ordinal)).Ids);
    }

    [Fact]
    public void Read_WhatGoItselfIsUnder_IsBsd() => Assert.Equal(
        ["BSD-3-Clause"],
        LicenceTexts.Read(TextOf("BSD-3-Clause")
            .Replace("the copyright holder nor", "Google Inc. nor", StringComparison.Ordinal)
            .Replace("COPYRIGHT HOLDER ", "COPYRIGHT OWNER ", StringComparison.Ordinal)).Ids);

    [Fact]
    public void Read_TwoTexts_AreBoth()
    {
        var reading = LicenceTexts.Read("This package is covered by two licenses.\n\n" + TextOf("MIT") + "\n-----\n\n" + TextOf("Apache-2.0"));
        Assert.Equal(["Apache-2.0", "MIT"], reading.Ids);
        Assert.Equal(0, reading.OtherWords);
    }

    [Fact]
    public void Read_AnAddedClause_IsSaid()
    {
        var mit = TextOf("MIT");
        var clause = "The software shall not be used by any company that has more than one hundred employees, nor by anybody who works for one, unless he has paid for it.";
        var reading = LicenceTexts.Read(mit.Replace("THE SOFTWARE IS PROVIDED", clause + "\n\nTHE SOFTWARE IS PROVIDED", StringComparison.Ordinal));
        Assert.Equal(["MIT"], reading.Ids);
        Assert.InRange(reading.OtherWords, 20, 40);
    }

    [Fact]
    public void Read_ANoticeBesideTheGpl_IsOrLater()
    {
        Assert.Equal(["GPL-3.0-only"], LicenceTexts.Read(TextOf("GPL-3.0-only")).Ids); // its advice on how to say "or later" says nothing
        Assert.Equal(["GPL-3.0-or-later"], LicenceTexts.Read(Later + TextOf("GPL-3.0-only")).Ids);
        Assert.Equal(["MIT"], LicenceTexts.Read(Later + TextOf("MIT")).Ids);
    }

    [Fact]
    public void Read_TheNoticeOfApache_IsApache() => Assert.Equal(
        ["Apache-2.0"], LicenceTexts.Read(TextOf("Apache-2.0").Split("%% notice\n")[1].Replace("[yyyy] [name of copyright owner]", "2020 The Example Authors", StringComparison.Ordinal)).Ids);

    [Theory]
    [InlineData("")]
    [InlineData("All rights reserved.")]
    [InlineData("Permission is hereby granted to nobody, free of charge or not.")]
    [InlineData("\0\uffff\ud800 * * *\n(((\n1.")]
    public void Read_SomethingElse_IsUnknown(string text) => Assert.Empty(LicenceTexts.Read(text).Ids);

    [Theory]
    [InlineData("LICENSE", true)]
    [InlineData("licence.md", true)]
    [InlineData("LICENSE-APACHE-2.0.txt", true)]
    [InlineData("LICENSES", true)]
    [InlineData("third_party/x/COPYING.LESSER", true)]
    [InlineData("UNLICENSE", true)]
    [InlineData("MIT-LICENSE.txt", true)]
    [InlineData("license.go", false)]
    [InlineData("licensed.txt", false)]
    [InlineData("NOTICE", false)]
    [InlineData("LICENSE/readme.txt", false)]
    public void Names_OfFiles_TellLicences(string path, bool isOne) => Assert.Equal(isOne, LicenceFiles.IsName(path));

    // Without what marks its parts, as it stands in a repository.
    private static string TextOf(string id)
    {
        using var reader = new StreamReader(typeof(LicenceTexts).Assembly.GetManifestResourceStream("licences/" + id)!);
        return reader.ReadToEnd();
    }
}
