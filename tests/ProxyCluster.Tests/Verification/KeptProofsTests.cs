using ProxyCluster.GoModules.Notes;
using ProxyCluster.Outcomes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

/// <summary>What a verifier keeps on its disk: bounded, damaged, gone, and not to be written.</summary>
public sealed class KeptProofsTests : VerificationTests
{
    [Fact]
    public async Task Prove_MoreModulesThanMayBeKept_TheLongestKeptLookupsGoAndTheHeadStays()
    {
        _server.Fill(400);
        await using (var room = Room(maxBytes: 1 << 20))
        {
            for (var i = 0; i < 400; i++)
                Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(i), Token)).Failure);
            await room.Proofs.Files.Trimmed;
        }

        var left = Directory.GetFiles(Kept("lookup"), "*", SearchOption.AllDirectories).Length;
        Assert.InRange(left, 100, 290);
        Assert.True(File.Exists(Kept("latest")));

        _server.Paths.Clear();
        await using (var room = Room(maxBytes: 1 << 20))
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(399), Token)).Failure);
            Assert.DoesNotContain(DatabaseServer.LookupPath(399), _server.Paths);
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(0), Token)).Failure);
            Assert.Contains(DatabaseServer.LookupPath(0), _server.Paths);
            await room.Proofs.Files.Trimmed;
        }
    }

    public static TheoryData<string> Damages => new("torn", "flipped", "empty", "gone");

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Prove_WithADamagedHead_GoesOnFromAStoredLookupAndSaysSo(string damage)
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        await DamageHeadAsync(damage);
        _server.Fill(400);

        using (var room = Room())
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(350), Token)).Failure);
            Assert.Null(await ChecksumDatabases.TroubleOrNullAsync(room.Databases.PrimaryOrNull!, Token));
            Assert.Equal(["bad-stored-head"], room.SecurityEvents);
            Assert.Contains(room.Lines, static line => line.StartsWith("Error: SECURITY: the tree head kept for checksum database sumdb.test/go was ", StringComparison.Ordinal)
                && line.Contains("the tree of 300 records", StringComparison.Ordinal));
            Assert.Equal(damage == "gone" ? 0 : 1, room.Lines.Count(static line => line.Contains("were kept in", StringComparison.Ordinal)));
        }

        using (var room = Room())
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(351), Token)).Failure);
            Assert.Empty(room.SecurityEvents);
        }
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("flipped")]
    [InlineData("empty")]
    [InlineData("a directory")]
    public async Task Prove_WithADamagedHeadAndNoLookupLeft_IsAnOutageOfTheStore(string damage)
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        await DamageHeadAsync(damage);
        Directory.Delete(Kept("lookup"), recursive: true);

        using (var room = Room())
        {
            for (var again = 0; again < 2; again++)
            {
                var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
                Assert.Equal(FailureKind.StoreUnavailable, failure?.Kind);
                Assert.Contains("the tree head", failure!.Message, StringComparison.Ordinal);
                Assert.Contains("the tree head", await ChecksumDatabases.TroubleOrNullAsync(room.Databases.PrimaryOrNull!, Token), StringComparison.Ordinal);
            }
        }

        // An operator's way to start anew.
        Directory.Delete(Kept(), recursive: true);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
    }

    private async Task DamageHeadAsync(string damage)
    {
        var file = Kept("latest");
        var bytes = await File.ReadAllBytesAsync(file, Token);
        File.Delete(file);
        if (damage == "a directory")
            Directory.CreateDirectory(file);
        if (damage == "flipped")
            bytes[^10] ^= 1;
        if (damage is "torn" or "flipped" or "empty")
            await File.WriteAllBytesAsync(file, damage switch { "torn" => bytes[..^20], "empty" => [], _ => bytes }, Token);
    }

    [Fact]
    public async Task Prove_KeptHeadIsDamaged_IsASecurityEvent()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept());
        await File.WriteAllTextAsync(Kept("latest"), "nonsense", Token);
        using var room = Room();
        Assert.Equal(FailureKind.StoreUnavailable, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(["bad-stored-head"], room.SecurityEvents);
    }

    [Fact]
    public async Task Prove_ForkThatCannotBeKept_IsReportedAllTheSame()
    {
        _server.Fill(10);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        _server.Database = new(SignerKey.FromSeed("sumdb.test/go", new byte[32]));
        _server.Database.Append(DatabaseServer.Module(99), "h1:other", "h1:other");
        _server.Fill(20);
        await File.WriteAllTextAsync(Kept("forks"), "", Token);

        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, (await room.Verifier.ProveAsync(DatabaseServer.Module(15), Token)).Failure?.Kind);
        Assert.Equal(["fork"], room.SecurityEvents);
        Assert.Single(room.Lines, static line => line.Contains("could not be kept on disk", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prove_HeadCannotBeKept_IsAFailureOfTheStoreAndLeavesNothingBehind()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept("latest"));
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.StoreUnavailable, failure?.Kind);
        Assert.Contains("the tree head of sumdb.test/go could not be kept", failure!.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Kept(), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Prove_LookupCannotBeKept_IsProvenAllTheSameAndSaidOnce()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept());
        await File.WriteAllTextAsync(Kept("lookup"), "", Token);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        Assert.Single(room.Lines, static line => line.StartsWith("Warning: Checksum database file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prove_WhatAnEarlierProcessWasWriting_IsSweptOnce()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept("tmp"));
        await File.WriteAllTextAsync(Kept("tmp", "leftover"), "half", Token);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        Assert.Empty(Directory.EnumerateFiles(Kept("tmp")));
    }

    [Fact]
    public async Task Prove_DamagedFilesOnDisk_AreReadAgain()
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        foreach (var file in Directory.GetFiles(_data, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("latest", StringComparison.Ordinal)))
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            await File.WriteAllBytesAsync(file, bytes[..(bytes.Length / 2)], Token);
        }

        using (var room = Room())
            Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out _, out var failure), failure?.Message);
        Down();
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
    }
}
