using ProxyCluster.Joining;

namespace ProxyCluster.Tests.Joining;

public sealed class WeightedCacheTests
{
    // An entry as these tests make them: a key of four characters and a value of 100 bytes.
    private static readonly long One = WeightOf("0000", 100);

    [Fact]
    public void Find_ByASliceOfText_GivesTheValueOfTheWholeKey()
    {
        var cache = new WeightedCache<string>(1 << 20);
        cache.Set("b/c", "value", 1);

        Assert.Equal("value", cache.FindOrNull("a/b/c?d".AsSpan(2, 3)));
        Assert.Null(cache.FindOrNull("a/b/c?d".AsSpan(2, 4)));
        Assert.Null(cache.FindOrNull("B/C"));
    }

    [Fact]
    public void Set_KeyThatIsThere_ReplacesValueAndWeight()
    {
        var cache = new WeightedCache<string>(1 << 20);
        cache.Set("0000", "old", 5000);
        cache.Set("0000", "new", 100);

        Assert.Equal("new", cache.FindOrNull("0000"));
        Assert.Equal(One, cache.Weight);
    }

    [Fact]
    public void Set_FullCacheWhoseEntriesWereAllUsed_StillTakesTheNewOne()
    {
        var cache = Filled(10, budget: 10 * One);
        for (var i = 10; i < 1000; i++)
        {
            for (var used = i - 10; used < i; used++)
                Assert.NotNull(cache.FindOrNull(Key(used)));

            cache.Set(Key(i), $"{i}", 100);

            Assert.Equal($"{i}", cache.FindOrNull(Key(i)));
            Assert.Equal(10 * One, cache.Weight);
            Assert.Null(cache.FindOrNull(Key(i - 10)));
        }
    }

    [Fact]
    public void Set_FullCache_TakesOutTheOldestThatWasNotUsed()
    {
        var cache = Filled(4, budget: 4 * One);
        cache.FindOrNull(Key(0));
        cache.FindOrNull(Key(2));

        cache.Set(Key(4), "4", 100);
        cache.Set(Key(5), "5", 100);

        Assert.Equal([0, 2, 4, 5], Enumerable.Range(0, 6).Where(i => cache.FindOrNull(Key(i)) is not null));
    }

    [Fact]
    public void Set_ManyThatAreNeverAskedFor_LeaveWhatIsUsedInPlace()
    {
        var cache = Filled(10, budget: 10 * One);
        for (var i = 10; i < 1000; i++)
        {
            Assert.NotNull(cache.FindOrNull(Key(3)));
            cache.Set(Key(i), "scanned", 100);
        }
    }

    [Fact]
    public void Set_HeavyOne_TakesOutAsManyAsItNeeds()
    {
        var cache = Filled(10, budget: 10 * One);

        cache.Set("long", "heavy", 100 + (3 * One));

        Assert.Equal([4, 5, 6, 7, 8, 9], Enumerable.Range(0, 10).Where(i => cache.FindOrNull(Key(i)) is not null));
        Assert.NotNull(cache.FindOrNull("long"));
    }

    [Fact]
    public void Set_HeavierThanTheBudget_KeepsTheOthersAndNotTheOldValueOfItsKey()
    {
        var cache = Filled(3, budget: 10 * One);

        cache.Set(Key(1), "heavy", 10 * One);

        Assert.Equal([0, 2], Enumerable.Range(0, 3).Where(i => cache.FindOrNull(Key(i)) is not null));
        Assert.Equal(2 * One, cache.Weight);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Remove_AnyOfTheRing_LeavesTheOthersInOrder(int removed)
    {
        var cache = Filled(3, budget: 3 * One);

        Assert.True(cache.Remove(Key(removed)));
        Assert.False(cache.Remove(Key(removed)));
        Assert.Equal(2 * One, cache.Weight);

        // Room for one; the second takes the elder of the two that are left.
        cache.Set(Key(3), "3", 100);
        cache.Set(Key(4), "4", 100);
        var left = Enumerable.Range(0, 3).Where(i => i != removed).ToList();
        Assert.Equal([left[1], 3, 4], Enumerable.Range(0, 5).Where(i => cache.FindOrNull(Key(i)) is not null));
    }

    [Fact]
    public void Remove_TheLast_LeavesACacheThatTakesEntries()
    {
        var cache = Filled(1, budget: One);
        Assert.True(cache.Remove(Key(0)));
        Assert.Equal(0, cache.Weight);

        cache.Set(Key(1), "1", 100);

        Assert.NotNull(cache.FindOrNull(Key(1)));
    }

    [Fact]
    public async Task Everything_FromManyThreads_KeepsWeightAndEntriesTogether()
    {
        const int Keys = 64;
        var cache = new WeightedCache<string>(20 * One);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var key = Key(random.Next(Keys));
                switch (random.Next(10))
                {
                    case < 5:
                        Assert.True(cache.FindOrNull(key) is null or "value");
                        break;
                    case < 9:
                        cache.Set(key, "value", random.Next(300));
                        break;
                    default:
                        cache.Remove(key);
                        break;
                }

                Assert.InRange(cache.Weight, 0, 20 * One);
            }
        })));

        // What can be found can be taken out, and then nothing weighs anything: ring and dictionary hold the same.
        var found = Enumerable.Range(0, Keys).Select(Key).Where(key => cache.FindOrNull(key) is not null).ToList();
        Assert.NotEmpty(found);
        Assert.All(found, key => Assert.True(cache.Remove(key)));
        Assert.Equal(0, cache.Weight);
        cache.Set(Key(0), "value", 20 * One - WeightOf(Key(0), 0));
        Assert.Equal(20 * One, cache.Weight);
    }

    private static WeightedCache<string> Filled(int count, long budget)
    {
        var cache = new WeightedCache<string>(budget);
        for (var i = 0; i < count; i++)
            cache.Set(Key(i), $"{i}", 100);
        return cache;
    }

    private static string Key(int i) => $"{i:0000}";

    private static long WeightOf(string key, long weight)
    {
        var cache = new WeightedCache<string>(long.MaxValue);
        cache.Set(key, "", weight);
        return cache.Weight;
    }
}
