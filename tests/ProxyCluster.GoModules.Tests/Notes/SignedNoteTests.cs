using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.GoModules.Tests.Notes;

public class SignedNoteTests
{
    private const string Text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    private const string PeterLine = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    private const string EnochLine = "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

    [Fact]
    public void Sign_KnownKeys_GivesTheKnownNotes()
    {
        Assert.Equal(NoteVectors.Text("x_mod_note_vectors", "signed_by_peter"), SignedNote.Sign(Text, NoteVectors.PeterSigner));
        Assert.Equal(
            NoteVectors.Text("x_mod_note_vectors", "signed_by_both"),
            SignedNote.Sign(Text, NoteVectors.PeterSigner, NoteVectors.EnochSigner));
    }

    [Fact]
    public void Open_SignedByBoth_SortsSignaturesByWhatIsKnown()
    {
        var note = Open(NoteVectors.Text("x_mod_note_vectors", "signed_by_both"), NoteVectors.Enoch);
        Assert.Equal(Text, note.Text);
        Assert.Equal(EnochLine, Assert.Single(note.Verified).ToString());
        Assert.Equal(PeterLine, Assert.Single(note.Unverified).ToString());

        note = Open(NoteVectors.Text("x_mod_note_vectors", "signed_by_both"), NoteVectors.Enoch, NoteVectors.Peter);
        Assert.Equal(["PeterNeumann", "EnochRoot"], note.Verified.Select(signature => signature.Name));
        Assert.Empty(note.Unverified);
    }

    [Fact]
    public void Open_RepeatedVerifiedKey_IsIgnoredEvenWhenBad()
    {
        var bad = PeterLine.Replace("x08go/ZJ", "x08go/ZK", StringComparison.Ordinal);
        Assert.Single(Open($"{Text}\n{PeterLine}{PeterLine}{bad}", NoteVectors.Peter).Verified);
        Refused($"{Text}\n{bad}{PeterLine}", NoteVectors.Peter);
    }

    [Fact]
    public void Open_BlankLinesInTheText_SplitsAtTheLast()
    {
        var text = "a\n\nb\n\n\u2014 EnochRoot AAAAAAA=\n\nc\n";
        Assert.Equal(text, Open(SignedNote.Sign(text, NoteVectors.PeterSigner), NoteVectors.Peter).Text);
    }

    [Fact]
    public void Open_HundredSignatures_IsTheLimit()
    {
        var unknown = string.Concat(Enumerable.Repeat(EnochLine, 99));
        Assert.Single(Open($"{Text}\n{unknown}{PeterLine}", NoteVectors.Peter).Unverified);
        Refused($"{Text}\n{unknown}{EnochLine}{PeterLine}", NoteVectors.Peter);
    }

    [Fact]
    public void Open_UnknownKeyOnly_ProvesNothing()
    {
        Refused(Text + "\n" + PeterLine, NoteVectors.Enoch);
        Refused(Text + "\n" + PeterLine);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQ")]
    [InlineData("text\n\nPeterNeumann x08go/ZJkuBS9UG/SffcvIAQ\n")]
    [InlineData("text\n\n- PeterNeumann x08go/ZJkuBS9UG/SffcvIAQ\n")]
    [InlineData("text\n\n\u2014 PeterNeumann\n")]
    [InlineData("text\n\n\u2014 PeterNeumann \n")]
    [InlineData("text\n\n\u2014 PeterNeumann AAAA\n")]
    [InlineData("text\n\n\u2014 PeterNeumann AAAAAA==\n")]
    [InlineData("text\n\n\u2014 PeterNeumann x08go/ZJkuBS9UG!\n")]
    [InlineData("text\n\n\u2014 Peter+Neumann AAAAAAAA\n")]
    [InlineData("te\txt\n\n\u2014 PeterNeumann AAAAAAAA\n")]
    [InlineData("text\r\n\n\u2014 PeterNeumann AAAAAAAA\n")]
    public void Open_Malformed_IsRefused(string message) => Refused(message, NoteVectors.Peter);

    [Fact]
    public void Open_NotUtf8_IsRefused()
    {
        byte[] message = [0xff, .. Encoding.UTF8.GetBytes(Text + "\n" + PeterLine)];
        Assert.False(SignedNote.TryOpen(message, [NoteVectors.Peter], out _, out var error));
        Assert.Contains("UTF-8", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnyFlippedByteOfTextOrSignature_IsRefused()
    {
        var good = Encoding.UTF8.GetBytes(Text + "\n" + PeterLine);
        for (var i = 0; i < good.Length - 1; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 1;
            Assert.False(SignedNote.TryOpen(bad, [NoteVectors.Peter], out _, out _), $"byte {i}");
        }
    }

    [Fact]
    public void Open_AnyText_NeverThrowsAndNeverVerifies() =>
        Prop.ForAll<string>(text =>
            !SignedNote.TryOpen((text ?? "") + "\n\n" + EnochLine, [NoteVectors.Peter], out _, out _)).QuickCheckThrowOnFailure();

    [Fact]
    public void Sign_TextWithoutNewline_Throws() =>
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("text", NoteVectors.PeterSigner));

    private static SignedNote Open(string message, params VerifierKey[] known)
    {
        Assert.True(SignedNote.TryOpen(Encoding.UTF8.GetBytes(message), known, out var note, out var error), error);
        return note;
    }

    private static void Refused(string message, params VerifierKey[] known)
    {
        Assert.False(SignedNote.TryOpen(Encoding.UTF8.GetBytes(message), known, out var note, out var error));
        Assert.Null(note);
        Assert.NotEmpty(error);
    }
}
