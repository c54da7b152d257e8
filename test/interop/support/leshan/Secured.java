import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.servers.security.SecurityInfo;

/** DTLS of a Leshan server: with what it proves itself, and whom it believes. */
final class Secured {
    /** Every suite that a test may ask for; which one is taken, the client says. */
    private static final List<CipherSuite> SUITES = List.of(CipherSuite.TLS_PSK_WITH_AES_128_CCM_8,
            CipherSuite.TLS_PSK_WITH_AES_128_CCM, CipherSuite.TLS_PSK_WITH_AES_128_GCM_SHA256,
            CipherSuite.TLS_PSK_WITH_AES_128_CBC_SHA256, CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256,
            CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);

    private final InMemorySecurityStore store = new InMemorySecurityStore();

    /** @param cidLength of the Connection IDs that clients put into what they send; with 0 they put none */
    static void configure(Configuration config, int cidLength) {
        config.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, cidLength);
        config.set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 500, TimeUnit.MILLISECONDS);
        config.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        config.set(DtlsConfig.DTLS_CIPHER_SUITES, SUITES);
    }

    /** One key for certificates and for itself alone: which of them is shown, the client says. */
    void prove(LeshanServerBuilder builder, Path keys) throws Exception {
        builder.setSecurityStore(store);
        builder.setPrivateKey(privateKey(Files.readAllBytes(keys.resolve("server.p8"))));
        builder.setCertificateChain(certificates(keys.resolve("server.der")));
        builder.setTrustedCertificates((Certificate[]) certificates(keys.resolve("trust.der")));
        // A server that was started again believes whom it believed before, from the first datagram on.
        Path clients = keys.resolve("clients");
        if (Files.exists(clients))
            for (String line : Files.readAllLines(clients))
                trust(Wire.Command.of(line.split(" "), 0));
    }

    /** Who may come as {@code ep}: by a pre-shared key, by a public key, or by a certificate in its name. */
    void trust(Wire.Command command) throws Exception {
        String endpoint = command.one("ep");
        store.remove(endpoint, false);
        if (command.one("key") != null)
            store.add(SecurityInfo.newPreSharedKeyInfo(endpoint, command.one("identity"),
                    HexFormat.of().parseHex(command.one("key"))));
        else if (command.one("publicKey") != null)
            store.add(SecurityInfo.newRawPublicKeyInfo(endpoint,
                    publicKey(HexFormat.of().parseHex(command.one("publicKey")))));
        else
            store.add(SecurityInfo.newX509CertInfo(endpoint));
    }

    private static PrivateKey privateKey(byte[] pkcs8) throws Exception {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    private static PublicKey publicKey(byte[] spki) throws Exception {
        return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(spki));
    }

    private static X509Certificate[] certificates(Path file) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        return factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)))
                .toArray(new X509Certificate[0]);
    }
}
