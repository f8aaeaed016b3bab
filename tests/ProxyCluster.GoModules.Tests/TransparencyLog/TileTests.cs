using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.TransparencyLog;

public class TileTests
{
    [Theory]
    [InlineData("tile/8/0/001", 0, 1, 256)]
    [InlineData("tile/8/3/000.p/3", 3, 0, 3)]
    [InlineData("tile/8/1/x001/018.p/122", 1, 1018, 122)]
    [InlineData("tile/8/0/x001/x234/067", 0, 1234067, 256)]
    [InlineData("tile/8/data/x097/482.p/255", -1, 97482, 255)]
    public void Parse_KnownPath_GivesItsCoordinates(string path, int level, long index, int width)
    {
        Assert.True(Tile.TryParse(path, out var tile));
        Assert.Equal(new Tile(level, index, width), tile);
        Assert.Equal(path, tile.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/8/0/000/")]
    [InlineData("/tile/8/0/000")]
    [InlineData("tile/9/0/000")]
    [InlineData("tile/08/0/000")]
    [InlineData("tile/8/00/000")]
    [InlineData("tile/8/-1/000")]
    [InlineData("tile/8/64/000")]
    [InlineData("tile/8/Data/000")]
    [InlineData("tile/8/0/00")]
    [InlineData("tile/8/0/0000")]
    [InlineData("tile/8/0/x000/001")]
    [InlineData("tile/8/0/001/002")]
    [InlineData("tile/8/0/x001")]
    [InlineData("tile/8/0/+01")]
    [InlineData("tile/8/0/000.p/0")]
    [InlineData("tile/8/0/000.p/256")]
    [InlineData("tile/8/0/000.p/03")]
    [InlineData("tile/8/0/000.p/")]
    [InlineData("tile/8/0/000.p")]
    [InlineData("tile/8/0/000.p/1/2")]
    [InlineData("tile/8/0/x036/x028/x797/x018/x963/968")]
    [InlineData("tile/8/0/x999/x999/x999/x999/x999/x999/999")]
    public void Parse_AnyOtherSpelling_IsRefused(string path) => Assert.False(Tile.TryParse(path, out _));

    [Fact]
    public void Path_AnyCoordinates_RoundTrips() =>
        Prop.ForAll(
            Gen.Choose(-1, 63).ToArbitrary(),
            ArbMap.Default.ArbFor<long>().Filter(index => index >= 0 && index < long.MaxValue >> 8),
            Gen.Choose(1, 256).ToArbitrary(),
            (level, index, width) =>
            {
                var tile = new Tile(level, index, width);
                return Tile.TryParse(tile.ToString(), out var parsed) && parsed == tile;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Parse_AnyText_NeverThrowsAndRendersTheSame() =>
        Prop.ForAll<string>(text =>
        {
            var path = "tile/8/" + text;
            return !Tile.TryParse(path, out var tile) || tile.ToString() == path;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Plan_KnownTrees_NamesTheKnownTiles()
    {
        foreach (var vector in NoteVectors.Root["tile_plans_H8"]!.AsArray())
        {
            var words = vector!["for"]!.GetValue<string>().Split(' ');
            var plan = new TilePlan(vector["tree_size"]!.GetValue<long>());
            Assert.Equal(vector["right_edge_nodes"]!.GetValue<int>(), plan.EdgeNodes);
            Assert.Equal(vector["right_edge_unique_tiles"]!.GetValue<int>(), plan.EdgeTiles);
            var number = long.Parse(words[^1], System.Globalization.CultureInfo.InvariantCulture);
            _ = words[0] == "record" ? plan.WithRecord(number) : plan.WithPrefix(number);
            Assert.Equal(vector["tiles"]!.AsArray().Select(tile => tile!.GetValue<string>()), plan.Tiles.Select(tile => tile.ToString()));
        }
    }
}
