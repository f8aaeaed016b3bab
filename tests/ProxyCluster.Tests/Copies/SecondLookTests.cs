using ProxyCluster.Copies;
using ProxyCluster.GoModules;

namespace ProxyCluster.Tests.Copies;

/// <summary>Who may say of the region's durable copy that it is damaged.</summary>
public sealed class SecondLookTests
{
    private static readonly byte[] Sound = [1, 2, 3];
    private static readonly byte[] Wrong = [1, 2, 4];

    [Theory]
    [InlineData(false, true, true)]
    [InlineData(true, true, false)] // the first reading was wrong
    [InlineData(false, false, false)] // whoever looks reads its own copy wrongly as well
    [InlineData(true, false, false)]
    public async Task IsDamaged_ByASecondLook_WhereOnesOwnCopyIsSound(bool isSound, bool isOwnSound, bool expected)
    {
        using var suspect = new MemoryStream(isSound ? Sound : Wrong);
        using var own = new MemoryStream(isOwnSound ? Sound : Wrong);
        Assert.Equal(
            expected,
            await ToSharedStore.IsDamagedAsync(suspect, Digest.Of(Sound), own, Digest.Of(Sound), TestContext.Current.CancellationToken));
    }
}
