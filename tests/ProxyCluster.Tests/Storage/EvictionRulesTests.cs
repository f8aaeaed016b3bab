using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

public class EvictionRulesTests
{
    private const long Plenty = 1L << 50;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1000, 0)]
    [InlineData(1001, 101)]
    [InlineData(5000, 4100)]
    public void Need_WithACap_IsWhatLiesAboveTheLowWaterMark(long stored, long need) =>
        Assert.Equal(need, EvictionRules.BytesToRemove(stored, Plenty, false, new StorageOptions { MaxBytes = 1000 }));

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(999, 101)]
    [InlineData(0, 1100)]
    public void Need_WithAFreeMinimum_GoesBeyondItByTheSameShare(long free, long need) =>
        Assert.Equal(need, EvictionRules.BytesToRemove(50_000, free, false, new StorageOptions { MinFreeBytes = 1000 }));

    [Fact]
    public void Need_OfBoth_IsTheLargerOne() => Assert.Equal(950, EvictionRules.BytesToRemove(
        1100, 550, false, new StorageOptions { MaxBytes = 1000, MinFreeBytes = 1000, LowWaterPercent = 50 }));

    [Fact]
    public void Need_NeverExceedsWhatIsStored() =>
        Assert.Equal(70, EvictionRules.BytesToRemove(70, 0, true, new StorageOptions { MinFreeBytes = 1000 }));

    [Fact]
    public void Need_OnAFullDiskBelowTheCap_IsAShareOfTheStore() =>
        Assert.Equal(100, EvictionRules.BytesToRemove(1000, Plenty, true, new StorageOptions { MaxBytes = 1L << 40 }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Need_WithoutLimits_IsNothingWhateverHappens(bool diskFull) =>
        Assert.Equal(0, EvictionRules.BytesToRemove(Plenty, 0, diskFull, new StorageOptions()));
}
