using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>What grains count on from a storage. Where a provider does not keep it, its class says so.</summary>
public abstract class GrainStorageConformance(StoreServer server)
{
    private static int _grains;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected StoreServer Server => server;

    /// <summary>Whether clearing needs a tag where a state exists, as writing does.</summary>
    protected virtual bool ClearsByTagOnly => true;

    /// <summary>Whether a state that is changed in memory stays as it was stored until it is written.</summary>
    protected virtual bool Copies => true;

    /// <summary>Whether a slash in a state's name is told from the one that the provider puts between names.</summary>
    protected virtual bool TellsSlashesApart => true;

    /// <summary>The same for a dash.</summary>
    protected virtual bool TellsDashesApart => true;

    /// <summary>Whether segments <c>.</c> and <c>..</c> of a grain's key are kept, and a backslash is not a slash.</summary>
    protected virtual bool KeepsPaths => true;

    [Fact]
    public async Task Read_NothingStored_NewStateThatDoesNotExist()
    {
        var state = new GrainState<Notes>(new Notes { Text = "from before" }, "a tag") { RecordExists = true };

        await (await StorageAsync()).ReadStateAsync("s", NewGrain(), state);

        Assert.False(state.RecordExists);
        Assert.True(string.IsNullOrEmpty(state.ETag));
        Assert.Equal("", state.State!.Text);
    }

    [Fact]
    public async Task Write_Read_SameStateUnderTheSameTag()
    {
        var service = server.NewName();
        var grain = NewGrain();
        var written = await WriteAsync(await StorageAsync(service), grain, "a \"text\" ü", 7, 8);
        Assert.True(written.RecordExists);
        Assert.False(string.IsNullOrEmpty(written.ETag));

        // As another silo does.
        var read = await ReadAsync(await StorageAsync(service), grain);

        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(("a \"text\" ü", "7,8"), (read.State!.Text, string.Join(',', read.State!.Numbers)));
    }

    [Fact]
    public async Task Write_ChangedInMemoryAfterwards_StaysAsWritten()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var written = await WriteAsync(storage, grain, "written");
        written.State!.Text = "not written";

        var read = await ReadAsync(storage, grain);
        Assert.Equal(Copies ? "written" : "not written", read.State!.Text);
        read.State!.Text = "not written";

        Assert.Equal(Copies ? "written" : "not written", (await ReadAsync(storage, grain)).State!.Text);
    }

    [Fact]
    public async Task Write_CurrentTag_ReplacesStateAndTag()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");
        var first = state.ETag;
        state.State = new Notes { Text = "two" };

        await storage.WriteStateAsync("s", grain, state);

        Assert.NotEqual(first, state.ETag);
        var read = await ReadAsync(storage, grain);
        Assert.Equal(("two", state.ETag), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task Write_StaleTag_RefusedAndNothingChanges()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");
        var stale = state.ETag;
        await storage.WriteStateAsync("s", grain, state);

        await RefusedAsync(() => storage.WriteStateAsync("s", grain, Of("late", stale)));

        var read = await ReadAsync(storage, grain);
        Assert.Equal(("one", state.ETag), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task Write_NoTagWhereStateExists_RefusedAndNothingChanges()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        await WriteAsync(storage, grain, "one");

        await RefusedAsync(() => storage.WriteStateAsync("s", grain, Of("first", null)));

        Assert.Equal("one", (await ReadAsync(storage, grain)).State!.Text);
    }

    [Fact]
    public async Task Write_TagOfAStateThatWasClearedSince_RefusedAndNothingIsThere()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");
        var stale = state.ETag;
        await storage.ClearStateAsync("s", grain, state);

        await RefusedAsync(() => storage.WriteStateAsync("s", grain, Of("late", stale)));

        Assert.False((await ReadAsync(storage, grain)).RecordExists);
    }

    [Fact]
    public async Task Clear_CurrentTag_StateIsGoneAndCanBeWrittenAgain()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");

        await storage.ClearStateAsync("s", grain, state);

        Assert.False(state.RecordExists);
        Assert.Equal("", state.State!.Text);
        Assert.False((await ReadAsync(storage, grain)).RecordExists);
        state.State!.Text = "again";
        await storage.WriteStateAsync("s", grain, state);
        Assert.Equal("again", (await ReadAsync(storage, grain)).State!.Text);
    }

    [Fact]
    public async Task Clear_StaleTag_RefusedAndNothingChanges()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");
        var stale = state.ETag;
        await storage.WriteStateAsync("s", grain, state);

        await RefusedAsync(() => storage.ClearStateAsync("s", grain, Of("", stale)));

        Assert.Equal("one", (await ReadAsync(storage, grain)).State!.Text);
    }

    [Fact]
    public async Task Clear_NoTagWhereStateExists_RefusedAndNothingChanges()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        await WriteAsync(storage, grain, "one");

        var isCleared = await WinsAsync(() => storage.ClearStateAsync("s", grain, Of("", null)));

        Assert.Equal(!ClearsByTagOnly, isCleared);
        Assert.Equal(ClearsByTagOnly, (await ReadAsync(storage, grain)).RecordExists);
    }

    [Fact]
    public async Task Write_RacingPairs_OneOfEachWinsAndItsStateIsThere()
    {
        var service = server.NewName();
        IGrainStorage[] storages = [await StorageAsync(service), await StorageAsync(service)];
        for (var round = 0; round < 10; round++)
        {
            var grain = NewGrain();
            string? tag = null;

            // First as first writers, then as two who have read the same.
            for (var step = 0; step < 2; step++)
            {
                var states = storages.Select((_, n) => Of($"{step} by {n}", tag)).ToArray();
                var won = await Task.WhenAll(storages.Select((storage, n) => WinsAsync(() => storage.WriteStateAsync("s", grain, states[n]))));

                Assert.Single(won, static one => one);
                var read = await ReadAsync(storages[0], grain);
                Assert.Equal($"{step} by {Array.IndexOf(won, true)}", read.State!.Text);
                tag = read.ETag;
            }
        }
    }

    [Fact]
    public async Task States_NamesAndKeysOfAnyKind_AreApart()
    {
        (string State, string Type, string Key)[] names =
        [
            ("s", "t", "k"), ("s", "t", "K"), ("s", "T", "k"), ("S", "t", "k"), ("s", "t", "k "), ("s", "t", "ü"), ("s", "t", "u\u0308"),
            ("s", "t", "a%2Fb"), ("s", "t", "a+b"), ("s", "t", "a b"), ("s", "t", "a?b#c"), ("s", "t", "a\nb"),
            ("s", "t", "github.com/a/b@v1.0.0"), ("s", "t", "github.com/a@v1.0.0"), ("s", "t", "a//b"), ("s", "t", "a/b"), ("s t", "t", "k"),
        ];
        await AreApartAsync(true, names);
    }

    [Fact]
    public Task States_SlashInAName_AreApart() => AreApartAsync(TellsSlashesApart, ("s", "t", "k/a"), ("a/s", "t", "k"), ("s/t", "k", "a"));

    [Fact]
    public Task States_DashInAName_AreApart() => AreApartAsync(TellsDashesApart, ("s-t", "u", "k"), ("s", "t-u", "k"));

    [Fact]
    public async Task States_PathsInAKey_AreApart()
    {
        foreach (var other in new[] { "a/./b", "a/c/../b", "a\\b" })
            await AreApartAsync(KeepsPaths, ("s", "t", "a/b"), ("s", "t", other));
    }

    [Fact]
    public async Task States_OfTwoServices_AreApart()
    {
        var grain = NewGrain();
        await WriteAsync(await StorageAsync(), grain, "of one");

        Assert.False((await ReadAsync(await StorageAsync(), grain)).RecordExists);
    }

    protected Task<IGrainStorage> StorageAsync() => StorageAsync(server.NewName());

    protected Task<IGrainStorage> StorageAsync(string service) => server.StorageAsync(service);

    protected static GrainId NewGrain() => GrainId.Create("a-type", $"github.com/a/b@v1.0.{Interlocked.Increment(ref _grains)}");

    protected static GrainState<Notes> Of(string text, string? tag) => new(new Notes { Text = text }, tag) { RecordExists = tag is not null };

    protected static async Task<GrainState<Notes>> WriteAsync(IGrainStorage storage, GrainId grain, string text, params int[] numbers)
    {
        var state = new GrainState<Notes>(new Notes { Text = text, Numbers = [.. numbers] });
        await storage.WriteStateAsync("s", grain, state);
        return state;
    }

    protected static async Task<GrainState<Notes>> ReadAsync(IGrainStorage storage, GrainId grain, string name = "s")
    {
        var state = new GrainState<Notes>(new Notes());
        await storage.ReadStateAsync(name, grain, state);
        return state;
    }

    private async Task AreApartAsync(bool expected, params (string State, string Type, string Key)[] names)
    {
        var storage = await StorageAsync();
        var own = NewGrain().Key.ToString();
        var isFirst = new List<bool>();
        foreach (var (state, type, key) in names)
            isFirst.Add(await WinsAsync(() => storage.WriteStateAsync(state, GrainId.Create(type, own + key), Of($"{state}|{type}|{key}", null))));
        if (!expected)
        {
            Assert.Contains(false, isFirst);
            return;
        }

        foreach (var (state, type, key) in names)
            Assert.Equal($"{state}|{type}|{key}", (await ReadAsync(storage, GrainId.Create(type, own + key), state)).State!.Text);
    }

    private static async Task<bool> WinsAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    private static Task<InconsistentStateException> RefusedAsync(Func<Task> write) =>
        Assert.ThrowsAnyAsync<InconsistentStateException>(write);
}

/// <summary>A grain's state.</summary>
[GenerateSerializer]
public sealed class Notes
{
    [Id(0)]
    public string Text { get; set; } = "";

    [Id(1)]
    public List<int> Numbers { get; set; } = [];
}
