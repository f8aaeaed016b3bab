using System.Text;
using ProxyCluster.Audit;

namespace ProxyCluster.Tests.Audit;

/// <summary>How the log is written: in lots, in files, for some time, and behind what a process left that was killed.</summary>
public sealed class AuditWriterTests
{
    [Fact]
    public async Task Line_HoldsWhatHappened_AndNothingThatIsNotKnown()
    {
        await using var site = new AuditSite();
        await site.StartAsync();
        await site.WriteAsync(1);

        var line = Assert.Single(site.Lines("allow"));
        Assert.Equal(("example.com/m", "v1.0.0", "zip", "10.1.2.3", "tokyo-1", "tokyo"), (line.Module, line.Version, line.Artifact, line.Address, line.Silo, line.Region));
        Assert.DoesNotContain("subject", File.ReadAllText(site.Files[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_GoesOnBehindTheLastLine()
    {
        await using var site = new AuditSite();
        await site.StartAsync();
        await site.WriteAsync(3);
        await site.StopAsync();
        var before = site.Verify();

        await site.StartAsync();
        await site.WriteAsync(2);

        var after = site.Verify(new KnownHead(before.Log!, before.Last, "somebody"));
        Assert.Empty(after.Problems);
        Assert.Equal((before.Log, before.Last.Sequence, before.Last.Sequence), (after.Log, after.Last.Sequence - 3, after.Sealed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(0)]
    public async Task TornTail_IsCutOffAndSaid_AndTheChainGoesOn(int torn)
    {
        await using var site = new AuditSite();
        await site.StartAsync();
        await site.WriteAsync(5);
        await site.StopAsync();
        var whole = File.ReadAllBytes(site.Files[0]);
        var last = whole.AsSpan(0, whole.Length - 1).LastIndexOf((byte)'\n') + 1;

        // So much of the last line is there; with none, zeros are, as a power cut leaves them.
        File.WriteAllBytes(site.Files[0], [.. whole[..(last + torn)], .. torn == 0 ? new byte[100] : []]);
        Assert.Equal(torn == 0 ? 100 : torn, site.Verify().Unfinished);

        await site.StartAsync();
        await site.WriteAsync(1);

        var verified = site.Verify();
        Assert.Empty(verified.Problems);
        Assert.Equal(0, verified.Unfinished);
        Assert.Contains("bytes of an unfinished line were cut off", site.Lines("start")[^1].Text, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, site.Lines().Count), site.Lines().Select(static line => (int)line.Seq));
    }

    [Fact]
    public async Task Start_BehindAFileWithoutOneWholeLine_GoesOnInTheOneBefore()
    {
        await using var site = new AuditSite();
        await site.StartAsync();
        await site.WriteAsync(5);
        await site.StopAsync();
        var next = new AuditFileName(site.Lines()[^1].Seq + 1, site.Clock.GetUtcNow()).ToString();
        File.WriteAllText(Path.Combine(site.Directory, next), "{\"seq\":9");

        await site.StartAsync();
        await site.WriteAsync(1);

        Assert.Empty(site.Verify().Problems);
        Assert.Single(site.Files);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Start_OnADamagedLog_MovesItAsideAndBeginsAnother(int damagedOnes)
    {
        await using var site = new AuditSite(static options => options.MaxFileBytes = 4096);
        await site.StartAsync();
        for (var i = 0; i < 20; i++)
            await site.WriteAsync(1);
        await site.StopAsync();
        var before = site.Verify();

        // A bit of the newest file's first line, or one of each of its lines.
        var lines = File.ReadAllLines(site.Files[^1]);
        for (var i = 0; i < (damagedOnes == 0 ? 1 : lines.Length); i++)
            lines[i] = "?" + lines[i][1..];
        File.WriteAllText(site.Files[^1], string.Join('\n', lines) + "\n");
        await site.StartAsync();
        await site.WriteAsync(1);

        var after = site.Verify();
        Assert.Empty(after.Problems);
        Assert.NotEqual(before.Log, after.Log);
        var aside = Assert.Single(Directory.GetDirectories(site.Directory));
        Assert.Contains(aside, site.Lines("start")[^1].Text, StringComparison.Ordinal);
        var damaged = AuditVerification.Run(aside, []);
        Assert.Equal((before.Log, before.Files), (damaged.Log, damaged.Files));
        Assert.NotEmpty(damaged.Problems);
    }

    [Fact]
    public async Task Files_AreBegunByHourAndBySize()
    {
        await using var site = new AuditSite(static options => options.MaxFileBytes = 4096);
        await site.StartAsync();
        await site.WriteAsync(1);
        site.Clock.Advance(TimeSpan.FromHours(1));
        await site.WriteAsync(1);
        Assert.Equal(2, site.Files.Count);

        for (var i = 0; i < 60; i++)
            await site.WriteAsync(1);

        Assert.InRange(site.Files.Count, 4, 12);
        Assert.All(site.Files, static file => Assert.InRange(new FileInfo(file).Length, 1, 8192));
        var verified = site.Verify();
        Assert.Empty(verified.Problems);
        Assert.Equal(site.Files.Count, verified.Files);
    }

    [Fact]
    public async Task Retention_ByBytes_RemovesTheOldestAndSaysSo()
    {
        await using var site = new AuditSite(static options => (options.MaxFileBytes, options.MaxBytes) = (4096, 20_000));
        await site.StartAsync();
        for (var i = 0; i < 120; i++)
            await site.WriteAsync(1);

        Assert.InRange(site.Files.Sum(static file => new FileInfo(file).Length), 8000, 24_000);
        var verified = site.Verify();
        Assert.True(verified.First > 1);
        Assert.Empty(verified.Problems);
    }

    [Fact]
    public async Task Retention_ByAge_WaitsForWhatIsNotSent()
    {
        await using var site = new AuditSite(static options => options.KeepFor = TimeSpan.FromHours(2));
        site.Sent.Sequence = 0;
        await site.StartAsync();
        await HoursAsync(5);
        Assert.Equal(6, site.Files.Count);

        site.Sent.Sequence = long.MaxValue;
        await HoursAsync(1);
        Assert.InRange(site.Files.Count, 2, 4);
        Assert.Empty(site.Verify().Problems);

        async Task HoursAsync(int count)
        {
            for (var i = 0; i <= count; i++)
            {
                await site.WriteAsync(1);
                foreach (var (name, path) in AuditFileName.In(site.Directory))
                    File.SetLastWriteTimeUtc(path, name.Hour.UtcDateTime);
                if (i < count)
                    site.Clock.Advance(TimeSpan.FromHours(1));
            }
        }
    }

    [Fact]
    public async Task FullQueue_LeavesOut_CountsAndSaysSo_AndHoldsNobody()
    {
        await using var site = new AuditSite(static options => options.MaxQueue = 16);
        for (var i = 0; i < 50; i++)
            site.Log.Note(site.Download());

        await site.StartAsync();
        await site.SettledAsync();

        Assert.Equal(16, site.Lines("allow").Count);
        Assert.StartsWith("34 events were left out", Assert.Single(site.Lines("lost")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disk_ThatRefuses_GetsTheSameLinesLater()
    {
        await using var site = new AuditSite();
        await using (var placed = File.Create(site.Directory))
        {
            // A file is where the directory should be.
        }

        await site.StartAsync();
        site.Log.Note(site.Download());
        await site.Clock.TimerArmed(static _ => true);
        File.Delete(site.Directory);
        site.Clock.Advance(TimeSpan.FromSeconds(2));
        await site.SettledAsync();

        Assert.Single(site.Lines("allow"));
    }

    [Fact]
    public async Task Addresses_Hashed_AreFoundByTheKeyAndReadByNobody()
    {
        await using var site = new AuditSite(static options => (options.HashAddresses, options.AddressKey) = (true, "sixteen letters!"));
        await site.StartAsync();
        await site.WriteAsync(2, i => site.Download(address: i == 0 ? "10.1.2.3" : "10.1.2.4"));

        Assert.DoesNotContain("10.1.2", Encoding.UTF8.GetString(File.ReadAllBytes(site.Files[0])), StringComparison.Ordinal);
        var filter = new AuditFilter { Client = "10.1.2.3" };
        Assert.Single(AuditReader.Read(site.Directory, filter, AuditAddresses.Of(site.Options)));
        Assert.Empty(AuditReader.Read(site.Directory, filter, new AuditAddresses(Encoding.UTF8.GetBytes("another sixteen!"))));
    }
}
