using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using ProxyCluster.Lines;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public class PeerDoorTests
{
    private const string Target = "/-/cluster/v1/artifact/home/example.com/a/@v/v1.0.0.zip";

    private const string Receiver = "10.0.0.1:8081";

    private static readonly byte[] Secret = "sixteen bytes or more"u8.ToArray();

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Admit_FreshSignatureOfAMember_LetsItIn()
    {
        Assert.Equal(Admission.Admitted, Admit(Door(), Sign(Secret, Target), Target));
    }

    [Fact]
    public void Admit_SignatureUsedBefore_IsAReplay()
    {
        var door = Door();
        var header = Sign(Secret, Target);

        Assert.Equal(Admission.Admitted, Admit(door, header, Target));
        Assert.Equal(Admission.Replayed, Admit(door, header, Target));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer x")]
    [InlineData("v1 a 1 00000000000000000000000000000000 AAAA")]
    public void Admit_NoOrForeignCredentials_IsUnsigned(string? header) =>
        Assert.Equal(Admission.Unsigned, Admit(Door(), header, Target));

    [Fact]
    public void Admit_AnotherSecret_IsUnsigned() => Assert.Equal(
        Admission.Unsigned, Admit(Door(), Sign("another secret of length"u8.ToArray(), Target), Target));

    [Fact]
    public void Admit_SignatureOfAnotherCall_IsUnsigned() => Assert.Equal(
        Admission.Unsigned, Admit(Door(), Sign(Secret, Target), Target.Replace("home", "region", StringComparison.Ordinal)));

    [Theory]
    [InlineData("POST", Receiver, "")]
    [InlineData("GET", "10.0.0.2:8081", "")]
    [InlineData("GET", Receiver, "a body")]
    public void Admit_AnotherMethodReceiverOrBodyThanSigned_IsUnsigned(string method, string receiver, string body)
    {
        var call = new PeerCall(Sign(Secret, Target), method, receiver, Target, System.Text.Encoding.UTF8.GetBytes(body), false);
        Assert.Equal(Admission.Unsigned, Door().Admit(call, out _));
    }

    [Fact]
    public void Admit_CertifiedCallerWithoutASecret_IsLetInOnce()
    {
        var door = new PeerDoor(new ClusterSecret([]), Options.Create(new PeerOptions()), _clock);
        var call = new PeerCall(Sign([], Target), "GET", Receiver, Target, default, IsCertified: true);
        Assert.Equal(Admission.Admitted, door.Admit(call, out var signature));
        Assert.Equal("tokyo-1", signature.Member);
        Assert.Equal(Admission.Replayed, door.Admit(call, out _));
    }

    [Fact]
    public void Admit_ProcessWithoutASecret_LetsNobodyIn()
    {
        var door = new PeerDoor(new ClusterSecret([]), Options.Create(new PeerOptions()), _clock);
        Assert.Equal(Admission.Unsigned, Admit(door, Sign([], Target), Target));
    }

    [Fact]
    public void Admit_NotLetIn_NamesNobody()
    {
        Door().Admit(new PeerCall(Sign(Secret, Target), "POST", Receiver, Target, default, false), out var signature);
        Assert.Equal(default, signature);
    }

    [Theory]
    [InlineData(-31)]
    [InlineData(31)]
    public void Admit_ClockTooFarOff_SaysSo(int seconds)
    {
        var signature = PeerSignature.Sign(Secret, "m", _clock.GetUtcNow().AddSeconds(seconds), "GET", Receiver, Target, []);
        Assert.Equal(Admission.WrongTime, Admit(Door(), signature.ToString(), Target));
    }

    [Theory]
    [InlineData(-30)]
    [InlineData(30)]
    public void Admit_ClockOffByAsMuchAsItMay_LetsItIn(int seconds)
    {
        var door = Door();
        _clock.Advance(TimeSpan.FromMinutes(1));
        var signature = PeerSignature.Sign(Secret, "m", _clock.GetUtcNow().AddSeconds(seconds), "GET", Receiver, Target, []);
        Assert.Equal(Admission.Admitted, Admit(door, signature.ToString(), Target));
    }

    [Fact]
    public void Admit_OwnClockWasSetBack_StillLetsItIn()
    {
        var door = Door();
        _clock.Advance(TimeSpan.FromMinutes(10));
        _clock.StepWallClock(TimeSpan.FromMinutes(-60));
        Assert.Equal(Admission.Admitted, Admit(door, Sign(Secret, Target), Target));
    }

    /// <summary>Nonces do not outlive the process, so what was signed before it began may have been used.</summary>
    [Fact]
    public void Admit_SignedBeforeThisProcessBegan_HasTheWrongTime()
    {
        var header = Sign(Secret, Target);
        Assert.Equal(Admission.Admitted, Admit(Door(), header, Target));

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var restarted = Door();
        Assert.Equal(Admission.WrongTime, Admit(restarted, header, Target));
        Assert.Equal(Admission.Admitted, Admit(restarted, Sign(Secret, Target), Target));
    }

    /// <summary>A clock ahead of ours signs what is good for twice the difference; nonces are swept meanwhile.</summary>
    [Fact]
    public void Admit_SignatureOfAClockAhead_IsAReplayForAsLongAsItsTimeIsGood()
    {
        var door = Door();
        var header = PeerSignature.Sign(Secret, "m", _clock.GetUtcNow().AddSeconds(30), "GET", Receiver, Target, []).ToString();
        Assert.Equal(Admission.Admitted, Admit(door, header, Target));
        for (var second = 1; second <= 60; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Admission.Admitted, Admit(door, Sign(Secret, Target), Target));
            Assert.Equal(Admission.Replayed, Admit(door, header, Target));
        }

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Admission.WrongTime, Admit(door, header, Target));
    }

    /// <summary>Every call has a nonce of its own: kept for ever, they would fill the memory.</summary>
    [Fact]
    public async Task Admit_LongAfterASignature_ItsNonceIsForgotten()
    {
        var door = Door();
        var nonce = NonceOf(door);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(Admission.Admitted, Admit(door, Sign(Secret, Target), Target));
        await Waiting.UntilAsync(() =>
        {
            GC.Collect();
            return !nonce.IsAlive;
        }, "the nonce is forgotten");
    }

    // Apart, so that nothing on the test's own stack holds it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference NonceOf(PeerDoor door)
    {
        Assert.Equal(Admission.Admitted, door.Admit(new PeerCall(Sign(Secret, Target), "GET", Receiver, Target, default, false), out var signature));
        return new WeakReference(signature.Nonce);
    }

    private PeerDoor Door() => new(new ClusterSecret(Secret), Options.Create(new PeerOptions()), _clock);

    private string Sign(byte[] secret, string target) =>
        PeerSignature.Sign(secret, "tokyo-1", _clock.GetUtcNow(), "GET", Receiver, target, []).ToString();

    private static Admission Admit(PeerDoor door, string? header, string target) =>
        door.Admit(new PeerCall(header, "GET", Receiver, target, default, false), out _);
}
