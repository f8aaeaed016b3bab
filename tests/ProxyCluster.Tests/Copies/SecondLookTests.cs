using ProxyCluster.Copies;
using ProxyCluster.GoModules;
using ProxyCluster.Tests.Storage;

namespace ProxyCluster.Tests.Copies;

public class SecondLookTests
{
    // Several buffers full each.
    private static readonly byte[] Sound = StoreSite.Bytes(200_000);
    private static readonly byte[] Other = StoreSite.Bytes(200_000, 2);

    [Fact]
    public async Task Run_SuspectIsWhatIsWanted_IsSoundWhateverTheLookerReadsOfItsOwn() => Assert.Equal(Seen.Sound, await RunAsync(Sound, Other));

    [Fact]
    public async Task Run_SuspectIsNot_IsDamagedWhereTheLookersOwnIsSound() => Assert.Equal(Seen.Damaged, await RunAsync(Other, Sound));

    [Fact]
    public async Task Run_NeitherIs_SaysNothingOfTheSuspect() => Assert.Equal(Seen.LookerFails, await RunAsync(Other, Other));

    private static Task<Seen> RunAsync(byte[] suspect, byte[] own) => SecondLook.RunAsync(
        new MemoryStream(suspect), Digest.Of(Sound), new MemoryStream(own), Digest.Of(Sound), TestContext.Current.CancellationToken);
}
