using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>The room that mirrors take on the disk.</summary>
public sealed class MirrorSpaceTests : IDisposable
{
    private readonly DirectWorld _world = new(static options => (options.MaxBytes, options.Inside) = (1L << 20, "*"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Between two looks of the keeper, and however lately the others were used: whoever names repositories quickly fills no disk.
    [Fact]
    public async Task Mirrors_PastTheirBound_GoWithTheNextFetch()
    {
        foreach (var name in (string[])["first", "second", "third"])
        {
            Make(name, 900_000);
            Assert.Null(await FetchAsync(name));
            Assert.InRange(_world.Space.Taken, 900_000, _world.Space.Bound);
        }

        Assert.Equal(["third"], Mirrored());
        Assert.Null(await FetchAsync("first"));
        Assert.Equal(["first"], Mirrored());
    }

    [Fact]
    public async Task Repository_LargerThanAllMayBe_IsRefusedAndNotKept()
    {
        Make("small", 10_000);
        Make("large", 1_200_000);
        Assert.Null(await FetchAsync("small"));

        Assert.Equal(FailureKind.UpstreamInvalid, (await FetchAsync("large"))?.Kind);

        Assert.DoesNotContain("large", Mirrored());
        Assert.InRange(_world.Space.Taken, 0, _world.Space.Bound);
    }

    // Others fill the disk: mirrors go, and come no more while that does not help.
    [Fact]
    public async Task Disk_WithLessLeftThanIsToStay_GetsTheRoomOfMirrors()
    {
        using var world = new DirectWorld(static options => options.Inside = "*", storage: static storage => storage.MinFreeBytes = 1_000_000);
        var left = 1_500_000L;
        world.FreeBytes = world => left - world.Space.Taken;
        foreach (var name in (string[])["first", "second"])
        {
            Make(world, name, 300_000);
            Assert.Null(await FetchAsync(world, name));
        }

        Assert.Equal(["second"], Mirrored(world));

        left = 900_000;
        Make(world, "third", 1000);
        Assert.Equal(FailureKind.StoreUnavailable, (await FetchAsync(world, "third"))?.Kind);
        Assert.Empty(Mirrored(world));
    }

    [Fact]
    public async Task Mirrors_CountAmongWhatTheStoreMayTake_AndHaveATenthOfIt()
    {
        using var world = new DirectWorld(static options => options.Inside = "*", storage: static storage => storage.MaxBytes = 30L << 20);
        Make(world, "lib", 300_000);
        Assert.Null(await FetchAsync(world, "lib"));

        Assert.Equal(3L << 20, world.Space.Bound);
        Assert.InRange(world.Beside.Taken, 300_000, 1_000_000);
    }

    // What lies there from before is found by the first look.
    [Fact]
    public async Task Mirrors_OfAnEarlierProcess_AreCountedAndBounded()
    {
        Make("first", 900_000);
        Assert.Null(await FetchAsync("first"));
        using var later = new DirectWorld(static options => options.MaxBytes = 1L << 20);
        Directory.CreateDirectory(later.Tree.Repositories);
        foreach (var n in (int[])[1, 2])
        {
            var copy = Path.Combine(later.Tree.Repositories, $"mirror{n}");
            foreach (var file in Directory.EnumerateFiles(Directory.GetParent(Used(_world).Single())!.FullName, "*", SearchOption.AllDirectories))
            {
                var to = Path.Combine(copy, Path.GetRelativePath(Directory.GetParent(Used(_world).Single())!.FullName, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }

            File.SetLastWriteTimeUtc(Path.Combine(copy, MirrorKeeper.UsedName), new DateTime(2020, 1, n, 0, 0, 0, DateTimeKind.Utc));
        }

        await later.Keeper.LookAsync(Cancel);

        Assert.EndsWith("mirror2", Path.GetDirectoryName(Used(later).Single()), StringComparison.Ordinal);
        Assert.InRange(later.Beside.Taken, 900_000, 1L << 20);
    }

    // A long fetch looks like one that nobody uses: the keeper neither waits for its end nor takes away what came.
    [Fact]
    public async Task Mirror_ThatIsBeingWritten_IsNotTheKeepersToRemove()
    {
        using var world = new DirectWorld(static options => options.Inside = "*", storage: static storage => storage.MinFreeBytes = 1);
        Make(world, "lib", 1000);
        Assert.Null(await FetchAsync(world, "lib"));
        File.SetLastWriteTimeUtc(Used(world).Single(), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        world.FreeBytes = static _ => 0;

        using (await world.Space.TakeAsync(Path.GetDirectoryName(Used(world).Single())!, Cancel))
            Assert.True(world.Keeper.LookAsync(Cancel).IsCompletedSuccessfully);

        Assert.Equal(["lib"], Mirrored(world));
        await world.Keeper.LookAsync(Cancel);
        Assert.Empty(Mirrored(world));
    }

    // Many find one damaged at once, and each has it removed; the first has it fetched anew meanwhile.
    [Fact]
    public async Task Mirror_FetchedAnewSinceItWasFoundDamaged_Stays()
    {
        Make("lib", 1000);
        Assert.Null(await FetchAsync("lib"));
        var mirror = Path.GetDirectoryName(Used(_world).Single())!;
        var began = TimeProvider.System.GetTimestamp();
        await _world.Space.RemoveAsync(mirror, began, Cancel);
        Assert.Empty(Mirrored());
        Assert.Null(await FetchAsync("lib"));

        await _world.Space.RemoveAsync(mirror, began, Cancel);
        Assert.Equal(["lib"], Mirrored());

        await _world.Space.RemoveAsync(mirror, TimeProvider.System.GetTimestamp(), Cancel);
        Assert.Empty(Mirrored());
    }

    [Fact]
    public async Task Mirror_ThatTheKeeperFindsHalfRemoved_FailsNeitherOfThem()
    {
        var mirror = Path.Combine(_world.Tree.Repositories, "mirror");
        for (var n = 0; n < 3000; n++)
            Directory.CreateDirectory(Path.Combine(mirror, $"{n}"));

        var removal = Task.Run(() => _world.Space.Remove(mirror), Cancel);
        while (!removal.IsCompleted)
            await _world.Keeper.LookAsync(Cancel);

        await removal;
        await _world.Keeper.LookAsync(Cancel);
        Assert.Empty(Directory.EnumerateDirectories(_world.Tree.Repositories));
    }

    [Fact]
    [Trait("Needs", OtherKinds.Need)]
    public async Task Mirrors_OfMercurial_CountAndGoToo()
    {
        using var scratch = new ScratchDirectory();
        using var world = OtherKinds.NewWorld($"file://{scratch["hg"]}/", "", static options => options.MaxBytes = 1L << 20);
        Directory.CreateDirectory(scratch["hg"]);
        foreach (var name in (string[])["one", "two"])
        {
            var noise = new byte[600_000];
            new Random(name[0]).NextBytes(noise);
            new ScriptedMercurial(scratch["hg/" + name]).Commit(("go.mod", $"module vanity.test/hg/{name}\n"), ("noise", Convert.ToBase64String(noise))).Tag("v1.0.0");
        }

        foreach (var name in (string[])["one", "two", "one"])
        {
            Assert.Null((await world.Modules.ListAsync(ModulePath.Parse($"vanity.test/hg/{name}"), Cancel)).Failure);
            Assert.Equal([name], Mirrored(world));
            Assert.InRange(world.Space.Taken, 600_000, world.Space.Bound);
        }
    }

    [Theory]
    [InlineData("fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output", FailureKind.StoreUnavailable)]
    [InlineData("error: file write error: Disk quota exceeded\nfatal: index-pack failed", FailureKind.StoreUnavailable)]
    [InlineData("fatal: index-pack failed", FailureKind.UpstreamInvalid)]
    public void Fetch_ThatTheDiskRefuses_IsNoFaultOfTheRepository(string said, FailureKind expected) =>
        Assert.Equal(expected, GitFailures.Of("https://git.test/x", new ProgramResult(128, [], said)).Kind);

    public void Dispose() => _world.Dispose();

    private static void Make(DirectWorld world, string name, int bytes)
    {
        var noise = new byte[bytes];
        new Random(name.Length).NextBytes(noise);
        new ScriptedRepository($"github.com/t/{name}").Commit("main", null, [("noise", "100644", noise)]).Tag("v1.0.0").Make(world.Repositories);
    }

    private static async Task<Failure?> FetchAsync(DirectWorld world, string name)
    {
        var outcome = await world.Modules.ArtifactAsync(new(ModulePath.Parse($"github.com/t/{name}"), "v1.0.0"), ArtifactKind.Zip, Cancel);
        if (outcome.TryGet(out var answer, out var failure))
            answer.Dispose();
        return failure;
    }

    private static IEnumerable<string> Used(DirectWorld world) =>
        Directory.Exists(world.Tree.Repositories) ? Directory.EnumerateFiles(world.Tree.Repositories, MirrorKeeper.UsedName, SearchOption.AllDirectories) : [];

    private static IEnumerable<string> Mirrored(DirectWorld world) => Used(world).Select(static file => Path.GetFileName(File.ReadAllText(file).Trim()));

    private void Make(string name, int bytes) => Make(_world, name, bytes);

    private Task<Failure?> FetchAsync(string name) => FetchAsync(_world, name);

    private IEnumerable<string> Mirrored() => Mirrored(_world);
}
