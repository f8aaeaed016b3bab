using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Silo;

/// <summary>A disk that takes no more: who asks for something new is told so, and everybody else is served.</summary>
public class FullDiskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly SiloModule[] Modules = [.. Enumerable.Range(0, 6).Select(i =>
        SiloModule.Pack("example.com/lib", $"v1.{i}.0", 300_000 + i))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public async Task Get_OnAFullDisk_Is503ForWhatIsNewAndAHitForTheRest(int left)
    {
        using var disk = new SmallDisk(4);
        await using var silo = await TestSilo.StartAsync(("Storage:Data", disk.Path), ("Storage:Flush", "true"));
        silo.Add(Modules);
        silo.Upstream.Put("/example.com/lib/@v/list", "v1.0.0\n");
        Assert.Equal(200, (await silo.GetAsync(Modules[0].Stem + ".zip")).Status);
        disk.FillBut(left);

        var refused = await silo.GetAsync(Modules[1].Stem + ".zip");
        Assert.Equal((503, "store-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.Equal(("no-store", "30"), (refused["Cache-Control"], refused["Retry-After"]));
        Assert.Contains("No space left", refused.Text, StringComparison.Ordinal);
        Assert.Null(silo.RecordOf(Modules[1]));
        Assert.Empty(HalfWritten.In(disk.Path));

        // What is stored is served, and so is what need not be.
        Assert.Equal(("HIT", Modules[0].Zip.Length), await HitAsync(silo, Modules[0]));
        Assert.Equal("v1.0.0\n", (await silo.GetAsync("/example.com/lib/@v/list")).Text);
        Assert.Equal(left == 0 ? 503 : 200, (await silo.GetAsync("/readyz")).Status);

        disk.Clean();
        Assert.Equal(Modules[1].Zip, (await silo.GetAsync(Modules[1].Stem + ".zip")).Body);
        Assert.Equal(200, (await silo.GetAsync("/readyz")).Status);
    }

    [Theory]
    [InlineData("Storage:MaxBytes", "1GiB")]
    [InlineData("Storage:MinFreeBytes", "1")]
    public async Task Get_OnAFullDiskWithALimit_MakesRoomForTheNext(string key, string value)
    {
        var clock = new ManualTimeProvider();
        using var disk = new SmallDisk(4);
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Storage:Data", disk.Path), (key, value));
        silo.Add(Modules);
        foreach (var module in Modules[..4])
        {
            Assert.Equal(200, (await silo.GetAsync(module.Stem + ".zip")).Status);
            clock.Advance(TimeSpan.FromHours(1));
        }

        disk.FillBut(0);
        Assert.Equal(503, (await silo.GetAsync(Modules[4].Stem + ".zip")).Status);
        await silo.Services.GetRequiredService<Eviction>().LookAsync(Cancellation).WaitAsync(Patience, Cancellation);
        Assert.False(File.Exists($"{disk.Path}/modules{Modules[0].Stem}.zip"));
        Assert.True(File.Exists($"{disk.Path}/modules{Modules[3].Stem}.zip"));
        Assert.True(disk.Free > 0);
    }

    [Fact]
    public async Task MinFreeBytes_WhenOthersFillTheDisk_GivesWay()
    {
        var clock = new ManualTimeProvider();
        using var disk = new SmallDisk(4);
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Storage:Data", disk.Path), ("Storage:MinFreeBytes", "1MiB"));
        silo.Add(Modules);
        foreach (var module in Modules[..4])
            Assert.Equal(200, (await silo.GetAsync(module.Stem + ".zip")).Status);
        clock.Advance(TimeSpan.FromHours(1));
        disk.FillBut(500_000);
        await silo.Services.GetRequiredService<Eviction>().LookAsync(Cancellation).WaitAsync(Patience, Cancellation);
        Assert.InRange(disk.Free, 1 << 20, long.MaxValue);
        Assert.Equal(Modules[0].Zip, (await silo.GetAsync(Modules[0].Stem + ".zip")).Body);
    }

    private static async Task<(string? Cache, int Bytes)> HitAsync(TestSilo silo, SiloModule module)
    {
        var answer = await silo.GetAsync(module.Stem + ".zip");
        return (answer["X-Cache"], answer.Body.Length);
    }
}
