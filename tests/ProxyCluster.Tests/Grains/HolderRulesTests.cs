using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;

namespace ProxyCluster.Tests.Grains;

public class HolderRulesTests
{
    private readonly string[] _names = new string[HolderRules.Most];
    private readonly byte[] _kinds = new byte[HolderRules.Most];
    private int _count;

    [Fact]
    public void Note_WhatIsNews_StandsInFront()
    {
        Note("a", ArtifactKind.Mod);
        Note("b", ArtifactKind.Mod);
        Note("a", ArtifactKind.Zip);
        Note("b", ArtifactKind.Mod);

        Assert.Equal(["a", "b"], _names[.._count]);
        Assert.Equal([(1 << (int)ArtifactKind.Mod) | (1 << (int)ArtifactKind.Zip), 1 << (int)ArtifactKind.Mod], _kinds[.._count].Select(static kinds => (int)kinds));
    }

    [Fact]
    public void Note_TooMany_TheOldestGoes()
    {
        foreach (var number in Enumerable.Range(0, HolderRules.Most + 2))
            Note($"{number}", ArtifactKind.Mod);

        Assert.Equal(Enumerable.Range(2, HolderRules.Most).Reverse().Select(static number => $"{number}"), _names);
    }

    [Fact]
    public void Note_TooManyOfAnotherKind_TheOnlyHolderOfOneStays()
    {
        Note("zip", ArtifactKind.Zip);
        Note("info", ArtifactKind.Info);
        foreach (var number in Enumerable.Range(0, HolderRules.Most))
            Note($"{number}", ArtifactKind.Mod);

        Assert.Equal(["7", "6", "5", "4", "3", "2", "info", "zip"], _names);
    }

    [Fact]
    public void With_OlderNotesOfMany_TheOnlyHolderOfAKindStays()
    {
        var (zip, mods) = (new HolderState().With("zip", ArtifactKind.Zip), new HolderState());
        foreach (var number in Enumerable.Range(0, HolderRules.Most))
            mods = mods.With($"{number}", ArtifactKind.Mod);

        Assert.Equal(["zip"], mods.With(zip).Of(ArtifactKind.Zip));
        Assert.Equal(["zip"], zip.With(mods).Of(ArtifactKind.Zip));
        Assert.Equal(HolderRules.Most - 1, mods.With(zip).Of(ArtifactKind.Mod).Count());
    }

    [Fact]
    public void NearFirst_HoldersOfTwoRegions_AreThoseOfTheAskersAndNewerOnesFirst() => Assert.Equal(
        ["t2", "t1", "f3", "f1"], HolderRules.NearFirst(["f3", "t2", "f1", "t1"], static holder => holder[..1], "t"));

    private void Note(string name, ArtifactKind kind) => _count = HolderRules.Note(_names, _kinds, _count, name, kind);
}
