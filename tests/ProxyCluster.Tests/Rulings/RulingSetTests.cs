using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Rulings;

namespace ProxyCluster.Tests.Rulings;

/// <summary>Operators' orders: their text, and what an acceptance makes void.</summary>
public sealed class RulingSetTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, default);

    private static readonly ModuleVersion Module = new(ModulePath.Parse("example.com/m"), "v1.0.0");

    [Fact]
    public void Write_ReadAgain_IsTheSame()
    {
        var set = RulingSet.Empty
            .With(new Ruling(RulingVerb.Withdraw, Module, null, null, "alice", "leaks \"a\" password\u00e9", Noon))
            .With(new Ruling(RulingVerb.Accept, new ModuleVersion(Module.Path, "v1.0.1"), "h1:zip", null, "bob", "moved", Noon));

        Assert.True(RulingSet.TryParse(set.Write(), out var read, out var error), error);

        Assert.Equal(set.All, read.All);
        Assert.Equal(set.Write(), read.Write());
    }

    [Fact]
    public void With_AnotherOfTheSameVersion_TakesItsPlace()
    {
        var set = RulingSet.Empty
            .With(new Ruling(RulingVerb.Accept, Module, "h1:zip", null, "bob", "moved", Noon))
            .With(new Ruling(RulingVerb.Withdraw, Module, null, null, "alice", "leaks", Noon));

        var withdrawn = Assert.Single(set.All);
        Assert.Equal(RulingVerb.Withdraw, withdrawn.Verb);

        // What was void stays so, and is still when the withdrawal is taken back.
        Assert.True(withdrawn.Voids("h1:old", null, Noon));
        Assert.True(RulingSet.TryParse(set.Write(), out var read, out _));
        var accepted = Assert.Single(read.Without(Module).All);
        Assert.Equal((RulingVerb.Accept, "h1:zip", "bob"), (accepted.Verb, accepted.ZipH1, accepted.By));
        Assert.False(read.Without(Module).Without(Module).Concerns(Module.Path));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":2,"rulings":[]}""")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"rulings":[{"verb":"bless","module":"example.com/m","version":"v1.0.0"}]}""")]
    [InlineData("""{"format":1,"rulings":[{"verb":"withdraw","module":"example.com/m","version":"main"}]}""")]
    [InlineData("""{"format":1,"rulings":[{"verb":"withdraw","module":"","version":"v1.0.0"}]}""")]
    [InlineData("""{"format":1,"rulings":[{"verb":"withdraw","module":"example.com/m","version":"v1.0.0","below":{"verb":"withdraw","module":"example.com/m","version":"v1.0.0"}}]}""")]
    public void TryParse_WhatThisProgramDoesNotKnow_IsRefusedAsAWhole(string json)
    {
        Assert.False(RulingSet.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("h1:new", null, "h1:new", null, -1, false)] // has what is accepted
    [InlineData("h1:new", null, "h1:old", null, -1, true)]
    [InlineData("h1:new", null, "h1:old", null, +1, true)] // however new
    [InlineData("h1:new", null, null, "h1:mod", -1, true)] // a go.mod from before: it is the old tag's
    [InlineData("h1:new", null, null, "h1:mod", +1, false)] // and one from after: its zip is still to come
    [InlineData("h1:new", null, null, null, -1, true)] // only .info
    [InlineData(null, "h1:mod", "h1:zip", "h1:mod", -1, false)]
    [InlineData(null, "h1:mod", "h1:zip", "h1:old", -1, true)]
    [InlineData("h1:new", "h1:mod", "h1:new", "h1:old", -1, true)]
    public void Voids_AfterAnAcceptance_WhatIsNotOfIt(string? zip, string? goMod, string? pinnedZip, string? pinnedMod, int hours, bool isVoid)
    {
        var ruling = new Ruling(RulingVerb.Accept, Module, zip, goMod, "bob", "moved", Noon);
        Assert.Equal(isVoid, ruling.Voids(pinnedZip, pinnedMod, Noon.AddHours(hours)));
        Assert.False((ruling with { Verb = RulingVerb.Withdraw }).Voids(pinnedZip, pinnedMod, Noon.AddHours(hours)));
    }

    [Fact]
    public void TakeOrFault_WhatCannotBeRead_LeavesTheOldOnesInForce()
    {
        var book = new RulingBook();
        Assert.Null(book.TakeOrFault(RulingSet.Empty.With(new Ruling(RulingVerb.Withdraw, Module, null, null, "alice", "leaks", Noon)).Write()));
        var version = book.Version;

        Assert.NotNull(book.TakeOrFault("{}"u8.ToArray()));

        Assert.Equal((version, 1), (book.Version, book.Current.Count));
        Assert.Null(book.TakeOrFault(ReadOnlyMemory<byte>.Empty));
        Assert.Equal((version + 1, 0), (book.Version, book.Current.Count));
    }
}
